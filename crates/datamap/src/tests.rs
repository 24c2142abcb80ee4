use plimsoll_model::{Confidence, DataClass};

use crate::{Context, classify};

use DataClass::{Internal, Personal, Public, Sensitive};

/// Store, fields beside, field, kind, class; a class in doubt is marked by `false`.
type Row = (&'static str, &'static [&'static str], &'static str, &'static str, DataClass, bool);

fn check(rows: &[Row]) {
    let mut wrong = Vec::new();
    for (store, beside, field, kind, class, sure) in rows {
        let fields = beside.iter().copied().chain([*field]);
        let found = classify(field, &Context::of(store, fields));
        let expected = if *sure { Confidence::Likely } else { Confidence::Possible };
        if (found.kind, found.class, found.confidence) != (*kind, *class, expected) {
            wrong.push(format!("{store}.{field}: {found:?}, expected {kind} {class:?} {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn subjects_decide() {
    check(&[
        ("customers", &[], "name", "name", Personal, true),
        ("products", &[], "name", "label", Internal, false),
        ("leads", &["email"], "name", "name", Personal, true),
        ("things", &["email"], "name", "name", Personal, true),
        ("things", &[], "name", "label", Internal, false),
        ("orders", &[], "customer_name", "name", Personal, true),
        ("orders", &[], "product_name", "", Internal, false),
        ("customers", &[], "address", "address", Personal, true),
        ("companies", &[], "address", "business-address", Internal, false),
        ("settings", &[], "company_email", "business-contact", Internal, false),
        ("employees", &[], "tax_id", "government-identity", Sensitive, true),
        ("companies", &[], "tax_id", "tax-number", Internal, true),
        ("customers", &[], "tax_number", "tax-number", Personal, true),
        ("users", &[], "role", "employment", Personal, true),
        ("permissions", &[], "role", "employment", Internal, false),
        ("invoices", &["customer_id"], "notes", "free-text", Internal, true),
        ("customers", &[], "notes", "free-text", Personal, true),
        ("notes", &["hire_id"], "body", "free-text", Personal, true),
        ("posts", &[], "content", "free-text", Public, false),
        ("sessions", &[], "token", "token", Sensitive, true),
        ("documents", &[], "token", "access-link", Personal, true),
        ("payroll", &["sortCode"], "account", "bank-account", Sensitive, true),
        ("transactions", &["date"], "account", "", Internal, false),
        ("bookings_booking", &["patient", "specialist"], "start_time", "health", Sensitive, true),
        ("appointments", &["patientId"], "patientPhone", "phone", Personal, true),
        ("appointments", &[], "patientId", "health", Sensitive, true),
        ("bookings", &["customer"], "start_time", "record", Personal, false),
        ("children", &[], "first_name", "name", Sensitive, true),
        ("pupils", &[], "notes", "free-text", Sensitive, true),
        ("photos", &["document_id"], "filename", "file", Personal, true),
        ("products", &[], "image_url", "image", Internal, false),
        ("documents", &["hire_id"], "kind = passport", "government-identity", Sensitive, true),
        ("documents", &["hire_id"], "kind = contract", "", Internal, false),
        ("users", &[], "shift = sick_leave", "health", Sensitive, true),
        ("employee_salaries", &["employeeId"], "amount", "wage", Personal, true),
        ("lohnabrechnungen", &[], "betrag", "wage", Personal, true),
        ("employee_salaries", &[], "currency", "amount", Internal, true),
        ("invoices", &[], "amount", "amount", Internal, true),
        ("utility_accounts", &["property_id"], "account_number", "reference", Internal, false),
        ("bank_accounts", &[], "account_number", "bank-account", Sensitive, true),
        ("salary_structures", &["employee_id"], "medicalAllowance", "wage", Personal, true),
        ("users", &["email"], "lastPasswordAttempt", "record", Personal, false),
        ("vendors", &["business_name"], "taxIdNumber", "tax-number", Internal, true),
    ]);
}

#[test]
fn animals_are_patients_too() {
    let fields = ["name", "species", "ownerPhone", "medication"];
    let context = Context::of("patients", fields).of_animals();
    assert_eq!(fields.map(|field| classify(field, &context).class), [Internal, Internal, Personal, Internal]);
}

#[test]
fn names_that_only_look_like_data() {
    check(&[
        ("database", &["host", "port"], "username", "setting", Internal, false),
        ("app", &[], "db_username", "setting", Internal, true),
        ("campaigns", &[], "email_sent_count", "", Internal, false),
        ("users", &[], "email_verified", "record", Personal, false),
        ("users", &[], "is_phone_verified", "record", Personal, false),
        ("ui", &[], "card", "", Internal, false),
        ("cards", &[], "card_title", "", Internal, false),
        ("layout", &[], "body_class", "", Internal, false),
        ("contracts", &["abi", "chain"], "address", "blockchain-address", Internal, false),
        ("wallets", &[], "address", "blockchain-address", Internal, false),
        ("servers", &[], "ip_address", "ip-address", Personal, true),
        ("ai_usage", &[], "total_tokens", "", Internal, false),
        ("ai_usage", &[], "max_token", "", Internal, false),
        ("orders", &[], "payment_method", "amount", Internal, true),
        ("orders", &[], "card_id", "reference", Internal, false),
        ("users", &[], "password_changed_at", "", Internal, false),
        ("templates", &[], "email_template", "", Internal, false),
        ("stores", &[], "lat", "location", Internal, false),
        ("products", &[], "allergies", "", Internal, false),
        ("tasks", &[], "kind", "", Internal, false),
        ("journal_entries", &["debit", "credit"], "account_number", "bank-account", Internal, false),
        ("jobs", &[], "salary_min", "", Internal, false),
        ("logs", &["level"], "message", "message", Internal, false),
    ]);
}

#[test]
fn ten_languages() {
    let mut wrong = Vec::new();
    for (kind, names) in [
        (
            "name",
            "first_name lastName vorname nachname prénom nom_famille apellidos sobrenome cognome voornaam achternaam prenume keresztnév vezetéknév förnamn efternamn",
        ),
        ("email", "email e-mail emailAddress correo courriel epost mailadresse"),
        (
            "phone",
            "phone phone_number telefonnummer handy téléphone teléfono celular cellulare telefoon telefonszám mobilnummer",
        ),
        (
            "address",
            "street zip_code strasse Straße hausnummer plz code_postal calle código_postal endereço indirizzo straat huisnummer adresa irányítószám adress postnummer",
        ),
        (
            "date-of-birth",
            "dob birthDate geburtsdatum date_naissance fecha_nacimiento data_nascimento data_nascita geboortedatum data_nasterii születési_dátum födelsedatum",
        ),
        (
            "government-identity",
            "ssn passport_number national_id steuer_id sozialversicherungsnummer numero_securite_sociale dni cpf codice_fiscale bsn cnp taj_szam personnummer",
        ),
        (
            "bank-account",
            "iban bank_account sortCode routing_number kontonummer cuenta_bancaria conta_bancaria conto_corrente rekeningnummer bankszámlaszám clearingnummer",
        ),
        ("card", "card_number cvv creditCard kartennummer numero_tarjeta"),
        (
            "wage",
            "salary hourly_wage gehalt stundenlohn salaire sueldo salário stipendio salaris salariu fizetés timlön",
        ),
        ("password", "password passwort mot_de_passe contraseña senha wachtwoord parola jelszó lösenord"),
        ("password-hash", "password_hash passwordHash hashed_password"),
        ("health", "diagnosis allergies blood_type krankenkasse diagnose sick_leave medication"),
        ("token", "refresh_token accessToken reset_token"),
        ("one-time-code", "otp verification_code totp_secret"),
    ] {
        for name in names.split(' ') {
            let found = classify(name, &Context::of("employees", [name]));
            if found.kind != kind || found.confidence != Confidence::Likely {
                wrong.push(format!("{name}: {found:?}, expected {kind}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
