//! What names mean: a table. Words are in English, German, French, Spanish, Portuguese, Italian, Dutch, Romanian,
//! Hungarian and Swedish, without accents; `first name` also means `firstname`.

use plimsoll_model::DataClass;

/// Where in a field's name a term must stand to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Anywhere.
    Any,
    /// At the end (numbers behind it aside): `customer_name`, `address2`.
    Last,
    /// The name is nothing else.
    Whole,
}

/// One meaning.
pub(crate) struct Term {
    pub(crate) kind: &'static str,
    pub(crate) class: DataClass,
    pub(crate) sure: bool,
    pub(crate) at: At,
    /// Separated by commas.
    pub(crate) names: &'static str,
}

const fn term(kind: &'static str, class: DataClass, sure: bool, at: At, names: &'static str) -> Term {
    Term { kind, class, sure, at, names }
}

use At::{Any, Last, Whole};
use DataClass::{Internal, Personal, Sensitive};

/// The longest match wins; among equals the first.
pub(crate) const TERMS: &[Term] = &[
    // ---- credentials
    term(
        "password-hash",
        Sensitive,
        true,
        Any,
        "password hash, passwd hash, pass hash, pw hash, pwd hash, hashed password, password digest, encrypted password, \
         password salt, pin hash, passwort hash, hash mot de passe, senha hash, crypted password",
    ),
    term(
        "password",
        Sensitive,
        true,
        Any,
        "password, passwd, pwd, passphrase, passcode, passwort, kennwort, mot de passe, motdepasse, mdp, contrasena, \
         contrasenia, senha, wachtwoord, parola, jelszo, losenord, clave acceso",
    ),
    term("password", Sensitive, true, Whole, "pass, clave, parool"),
    term("password-hash", Sensitive, true, Whole, "hash, salt"),
    term(
        "token",
        Sensitive,
        true,
        Any,
        "session token, session id, sessionid, access token, refresh token, auth token, authtoken, id token, bearer token, \
         remember token, reset token, verification token, verify token, invite token, invitation token, csrf token, \
         jwt, api token, token hash, push token, fcm token, device token, personal access token, session key, reset hash, \
         magic link, activation token, confirmation token",
    ),
    term("token", Sensitive, true, Whole, "token"),
    term("token", Sensitive, false, Last, "token"),
    term(
        "secret-key",
        Sensitive,
        true,
        Any,
        "api key, apikey, secret key, private key, client secret, app secret, webhook secret, api secret, access key, \
         signing key, encryption key, smtp password, secret access key, service key, license secret, openai key, stripe key",
    ),
    term("secret-key", Sensitive, false, Whole, "secret"),
    term(
        "one-time-code",
        Sensitive,
        true,
        Any,
        "otp, one time code, one time password, verification code, reset code, confirmation code, login code, auth code, \
         two factor secret, 2 fa secret, mfa secret, totp secret, two factor code, recovery codes, recovery code, backup codes, \
         totp, security answer, security question, two factor recovery codes, pin code, pincode hash",
    ),
    // ---- payment and bank
    term(
        "card",
        Sensitive,
        true,
        Any,
        "card number, card no, cardnumber, credit card, creditcard, cc number, ccnum, debit card, card expiry, \
         card expiration, card exp, card cvc, card cvv, cvv, cvv 2, cvc, card holder number, kartennummer, kreditkarte, \
         kreditkartennummer, numero tarjeta, tarjeta credito, numero carte, carte bancaire, carta credito, numero carta, \
         numero cartao, cartao credito, kortnummer, kaartnummer, kartyaszam, security code",
    ),
    term(
        "card-remainder",
        Personal,
        true,
        Any,
        "card last 4, card last four, last 4, last four, card brand, card holder, cardholder, pm last four",
    ),
    term(
        "bank-account",
        Sensitive,
        true,
        Any,
        "iban, bank account, bank account number, bank number, account number, account no, bankaccount, bank details, bank info, \
         bank code, sort code, sortcode, bank sort code, routing number, routing no, ifsc, bsb, aba number, clabe, kontonummer, kontonr, \
         konto nr, bankkonto, bankverbindung, kontoverbindung, bankleitzahl, compte bancaire, numero compte, cuenta bancaria, \
         numero cuenta, numero de cuenta, conta bancaria, numero conta, conta corrente, conto bancario, conto corrente, \
         rekeningnummer, bankrekening, cont bancar, bankszamla, bankszamlaszam, szamlaszam, bankgiro, plusgiro, \
         clearingnummer, chave pix, pix key, swift code, direct debit, sepa mandate, account holder, kontoinhaber",
    ),
    term("bank-account", Sensitive, true, Whole, "bic, swift, rib, blz, pix, konto, bank, account iban"),
    term("bank-name", Internal, true, Any, "bank name, bankname, name of bank, bank branch, branch name"),
    // ---- government identity
    term(
        "government-identity",
        Sensitive,
        true,
        Any,
        "ssn, social security, social security number, national id, nationalid, national identity, national insurance, \
         ni number, nino, passport, passport number, passport no, id card number, id card, identity card, id number, \
         identity number, identification number, driving licence, driver license, drivers license, driver licence, \
         license number driver, tax file number, aadhaar, aadhar, pan number, voter id, nric, sin number, itin, \
         personal number, personnummer, fodselsnummer, samordningsnummer, steuer id, steueridentifikationsnummer, \
         sozialversicherungsnummer, sv nummer, svnr, ausweisnummer, personalausweis, ausweis nummer, reisepass, \
         passnummer, numero securite sociale, securite sociale, carte identite, numero identite, codice fiscale, \
         codicefiscale, carta identita, documento identita, cpf, numero dni, nif personal, documento identidad, \
         cedula, curp, pasaporte, passaporte, passaporto, bsn, burgerservicenummer, rijksregisternummer, cnp, \
         cod numeric personal, serie buletin, taj szam, tajszam, adoazonosito, szemelyi szam, szemelyi igazolvany, \
         utlevelszam, visa number, immigration status, right to work, work permit, emirates id, iqama, id proof, \
         government id, photo id, kitas, nik",
    ),
    term("government-identity", Sensitive, true, Whole, "dni, nie, nir, taj, rg, ktp, sin, ni, cnic"),
    term(
        "tax-number",
        Internal,
        true,
        Any,
        "tax id, taxid, tax id number, tax identification number, kra pin, tax number, tax no, tax identification, tin number, steuernummer, steuernr, adoszam, codigo fiscal, \
         numero fiscal, contribuinte",
    ),
    term("tax-number", Internal, true, Whole, "tin, nif, pan, cif, rfc"),
    term(
        "business-number",
        Internal,
        true,
        Any,
        "vat number, vat no, vat id, vatnumber, ust id, ustid, ust idnr, ustidnr, umsatzsteuer id, partita iva, piva, p iva, numero tva, \
         tva intracommunautaire, siret, siren, cnpj, gstin, gst number, kvk, kvk nummer, btw nummer, organisationsnummer, org nummer, \
         orgnr, handelsregister, cegjegyzekszam, company number, registration number, business number, ein, abn, cui, \
         inscricao estadual, reg com, trade license, ico number",
    ),
    // ---- health, biometrics, special categories
    term(
        "health",
        Sensitive,
        true,
        Any,
        "medical, diagnosis, diagnoses, diagnose, diagnostico, diagnosi, diagnoza, diagnostic patient, prescription, \
         medication, medications, medicine, allergy, allergies, allergien, allergie, alergias, alergii, blood type, blood group, \
         blood pressure, blutgruppe, gruppo sanguigno, symptom, symptoms, symptome, sintomas, disability, disabilities, \
         schwerbehinderung, handicap, pregnancy, pregnant, vaccination, vaccine, sick leave, sickness, sick days, sickleave, krankheit, \
         krankmeldung, krankenkasse, krankenversicherung, health condition, health conditions, health notes, health issue, \
         health issues, health insurance, health record, health status, health history, medical history, insurance number, arbeitsunfaehigkeit, \
         arret maladie, baja medica, mental health, therapy, therapy notes, therapist notes, treatment plan, chronic, illness, \
         surgery, injury, injuries, patient, patients, patientid, patient id, paciente, pacient, paziente, \
         doctor notes, clinical notes, anamnese, befund, medicatie, ziekte, sjukdom, sjukfranvaro, betegseg, dietary restrictions, \
         smoker, body mass index, heart rate, glucose",
    ),
    term(
        "biometrics",
        Sensitive,
        true,
        Any,
        "fingerprint template, biometric, biometrics, face embedding, face descriptor, face encoding, face id, faceid, \
         iris scan, voiceprint, retina",
    ),
    term(
        "special-category",
        Sensitive,
        true,
        Any,
        "religion, konfession, religious, ethnicity, ethnic, ethnie, race ethnicity, sexual orientation, political opinion, \
         political party, trade union, union member, gewerkschaft, kirchensteuer",
    ),
    term(
        "legal",
        Sensitive,
        true,
        Any,
        "criminal record, criminal history, conviction, convictions, fuehrungszeugnis, casier judiciaire, antecedentes penales, \
         background check, dbs check, court case, attorney notes, legal notes, case notes, privileged, attorney client, \
         legal matter, aktenzeichen, lawsuit, litigation",
    ),
    term(
        "children",
        Sensitive,
        true,
        Any,
        "child name, children names, child age, childs name, kid name, kids names, child dob, child birthday, child birth date, \
         name kind, kindername, nom enfant, nombre nino, nombre hijo, nome figlio, nome filho, naam kind, nume copil, \
         barnets namn, gyermek neve, guardian name, parent name, parent phone, parent email, child id, pupil id",
    ),
    // ---- people
    term(
        "name",
        Personal,
        true,
        Any,
        "first name, firstname, last name, lastname, middle name, full name, fullname, surname, given name, family name, \
         maiden name, fname, lname, contact name, contact person, display name, legal name, preferred name, person name, author name, \
         user full name, vorname, nachname, zuname, familienname, vollstaendiger name, ansprechpartner, kontaktperson, \
         prenom, nom famille, nom complet, nom prenom, apellido, apellidos, nombre completo, sobrenome, nome completo, cognome, \
         voornaam, achternaam, contactpersoon, prenume, nume complet, nume familie, vezeteknev, keresztnev, teljes nev, fornamn, \
         efternamn, kontakt name, emergency name, nickname, inspector name, recipient name, sender name, signatory, signed by name, \
         emergency contact, next of kin, persona contacto, pessoa contato, referente",
    ),
    term("name", Personal, true, Last, "name, nom, nombre, nome, naam, nume, nev, namn"),
    term(
        "user-name",
        Personal,
        true,
        Any,
        "username, user name, login name, benutzername, nutzername, nom utilisateur, usuario, gebruikersnaam, anvandarnamn, felhasznalonev, screen name",
    ),
    term("user-name", Personal, false, Whole, "login, handle"),
    term(
        "email",
        Personal,
        true,
        Any,
        "email, email address, e mail address, e mail, mail address, mailaddress, emailid, courriel, correo, correo electronico, correio eletronico, \
         mailadresse, epost, e post, emailcim, adresa email, adresse mail",
    ),
    term("email", Personal, false, Whole, "mail"),
    term(
        "phone",
        Personal,
        true,
        Any,
        "phone, phone number, telephone, mobile number, mobile no, mobile phone, cell phone, cellphone, contact number, contact no, whatsapp, \
         whatsapp number, tel, telefon, telefonnummer, telefonnr, handy, handynummer, mobilnummer, mobiltelefon, rufnummer, \
         telefono, celular, cellulare, telefone, telemovel, numero telephone, telefoon, telefoonnummer, mobiel, telefonszam, \
         mobilszam, numar telefon, fax, fax number",
    ),
    term("phone", Personal, true, Whole, "mobile, cell, mobil, movil, portable, gsm"),
    term(
        "address",
        Personal,
        true,
        Any,
        "street, street address, home address, postal address, mailing address, billing address, shipping address, \
         delivery address, residential address, address line, addressline, job address, site address, zip code, zipcode, \
         postal code, postcode, post code, strasse, hausnummer, anschrift, postleitzahl, wohnort, adresse, rue, code postal, \
         direccion, calle, codigo postal, domicilio, endereco, rua, morada, indirizzo, codice postale, adres, straat, huisnummer, \
         woonplaats, adresa, cod postal, strada, iranyitoszam, lakcim, utca, adress, gatuadress, postnummer, postadress",
    ),
    term("address", Personal, true, Last, "address, addr"),
    term("address", Personal, true, Whole, "zip, plz, cep, cap, cim, pin code postal"),
    term(
        "town",
        Personal,
        false,
        Whole,
        "city, town, ville, ciudad, cidade, citta, stadt, ort, stad, oras, varos, county, judet, province, provincia, suburb",
    ),
    term(
        "date-of-birth",
        Personal,
        true,
        Any,
        "date of birth, birth date, birthdate, dob, birthday, birth year, year of birth, place of birth, birth place, \
         geburtsdatum, geburtstag, geburtsort, date naissance, date de naissance, fecha nacimiento, fecha de nacimiento, data nascimento, \
         data de nascimento, data nascita, data di nascita, geboortedatum, data nasterii, szuletesi datum, szuletesi ido, \
         fodelsedatum, fodelsedag",
    ),
    term(
        "person",
        Personal,
        true,
        Any,
        "gender, sex assigned, marital status, nationality, citizenship, geschlecht, familienstand, staatsangehoerigkeit, genre civilite, civilite, estado civil, genero, nacionalidad, sesso, geslacht, nationaliteit, kon, salutation, anrede, pronouns, emergency relation, nazionalita, stato civile",
    ),
    term("person", Personal, false, Whole, "age, sex, bio, biography, about me, alter, edad, idade, eta, leeftijd"),
    term(
        "wage",
        Personal,
        true,
        Any,
        "salary, salaries, wage, wages, hourly wage, pay rate, payrate, payroll, gross pay, net pay, bonus amount, compensation, remuneration, \
         stipend, gehalt, lohn, stundenlohn, bruttolohn, nettolohn, monatslohn, salaire, sueldo, salario, nomina, stipendio, \
         salaris, loon, uurloon, salariu, fizetes, ber, timlon, manadslon, income, monthly income, annual income, einkommen, \
         overtime pay, net salary, basic salary, gross salary",
    ),
    term(
        "location",
        Personal,
        true,
        Any,
        "latitude, longitude, geolocation, gps, gps location, gps coordinates, geo location, current location, last location, \
         home location, breitengrad, laengengrad, geopoint",
    ),
    term("location", Personal, false, Whole, "lat, lng, lon, long, coords, coordinates"),
    term(
        "ip-address",
        Personal,
        true,
        Any,
        "ip address, ipaddress, remote addr, remote ip, client ip, last ip, login ip, user ip",
    ),
    term("ip-address", Personal, true, Whole, "ip, ips"),
    term(
        "device",
        Personal,
        true,
        Any,
        "user agent, useragent, device id, deviceid, device fingerprint, browser fingerprint, device info, mac address, imei, visitor id",
    ),
    term(
        "signature",
        Personal,
        true,
        Any,
        "signature data, signature image, signature url, client signature, customer signature, e signature, unterschrift, firma digitale, handtekening, signature data url",
    ),
    term("signature", Personal, false, Whole, "signature"),
    term(
        "image",
        Personal,
        true,
        Any,
        "avatar, avatar url, profile picture, profile photo, profile image, photo url, profile pic, selfie, headshot, passport photo, id photo, profilbild, photo profil, foto perfil, foto profilo, profielfoto",
    ),
    term("image", Personal, false, Last, "photo, photos, picture, pictures, foto, fotos, bild, bilder"),
    term(
        "image",
        Internal,
        false,
        Last,
        "image, images, image url, imageurl, image path, logo, logo url, icon, thumbnail, banner",
    ),
    term(
        "vehicle",
        Personal,
        true,
        Any,
        "license plate, licence plate, number plate, registration plate, plate number, kennzeichen, immatriculation, matricula vehiculo, targa, kenteken, nr inmatriculare, rendszam, registreringsnummer, vehicle registration, chassis number",
    ),
    term("reference", Internal, true, Any, "customer id, user id, client id"),
    term(
        "social",
        Personal,
        true,
        Any,
        "linkedin, linkedin url, facebook profile, instagram handle, twitter handle, telegram id, telegram chat id, discord id, skype",
    ),
    // ---- messages and free text
    term(
        "message",
        Personal,
        true,
        Last,
        "message, messages, chat, inquiry, enquiry, nachricht, mensaje, mensagem, messaggio, bericht, mesaj, uzenet, meddelande, feedback, complaint, review text, transcript, conversation",
    ),
    term(
        "free-text",
        Internal,
        false,
        Last,
        "notes, note, comment, comments, remark, remarks, notiz, notizen, bemerkung, bemerkungen, anmerkung, kommentar, commentaire, remarque, nota, notas, comentario, comentarios, observaciones, observacao, observacoes, osservazioni, opmerking, opmerkingen, observatii, megjegyzes, anteckning, anteckningar, internal notes, details, description, beschreibung, descripcion, descricao, descrizione, omschrijving, descriere, leiras, beskrivning",
    ),
    term("free-text", Internal, false, Whole, "body, content, text, summary, reason"),
    // ---- files
    term(
        "file",
        Internal,
        false,
        Any,
        "file name, filename, file path, filepath, file url, fileurl, original name, originalname, stored name, storage path, document url, document path, attachment, attachments, attachment url, dateiname, datei, fichier, archivo, arquivo, bestand, fajl, filnamn, resume, resume url, cv url, lebenslauf, curriculum, pdf url, pdf path",
    ),
    term(
        "access-link",
        Personal,
        true,
        Any,
        "share link, sharelink, share token, share url, public token, public link, view token, access link, portal token, public id token, guest token",
    ),
    // ---- roles, work
    term(
        "employment",
        Internal,
        true,
        Any,
        "job title, jobtitle, position title, department, abteilung, hire date, hired at, employment type, employment status, contract type, manager, manager id, supervisor, shift, shifts, attendance, clock in, clock out, check in time, check out time, work hours, hours worked, working hours, arbeitszeit, overtime, vacation days, leave days, leave balance, leave type, absence, absences, urlaub, performance rating, employee number, employee id number, personalnummer, personeelsnummer, matricule, specialty, specialization",
    ),
    term(
        "employment",
        Internal,
        true,
        Whole,
        "role, roles, rolle, puesto, cargo, ruolo, rol, roll, title position, designation, qualification, team",
    ),
    term(
        "activity",
        Internal,
        true,
        Any,
        "last login, last active, last seen, last sign in, login count, last activity, last visit, letzter login, last logged in",
    ),
    // ---- business
    term(
        "invoice",
        Internal,
        true,
        Any,
        "invoice number, invoice no, invoice id, invoicenumber, rechnungsnummer, rechnungsnr, numero facture, numero factura, numero fattura, factuurnummer, nr factura, szamlaszam szamla, fakturanummer, order number, ordernumber, quote number, po number, bestellnummer, auftragsnummer",
    ),
    term(
        "amount",
        Internal,
        true,
        Any,
        "amount, total, subtotal, sub total, price, unit price, cost, costs, discount, tax amount, tax rate, vat, vat rate, balance, budget, revenue, profit, margin, markup, commission, fee, fees, hourly rate, deposit, paid amount, betrag, summe, preis, umsatz, kosten, rabatt, mwst, montant, prix, remise, importe, precio, descuento, valor, preco, desconto, importo, prezzo, sconto, bedrag, prijs, korting, suma, pret, reducere, osszeg, ar, kedvezmeny, belopp, pris, moms, currency, payment terms, payment method, payment status, payment type, payment intent, finance type",
    ),
    // ---- things whose names only look like data
    term("blockchain-address", Internal, true, Any, "contract address, wallet address, token address, eth address"),
    term(
        "network-address",
        Internal,
        true,
        Any,
        "server address, host address, listen address, bind address, web address, website, url address, smtp host",
    ),
    term(
        "setting",
        Internal,
        true,
        Any,
        "db username, db user, db user name, db password env, smtp user, smtp username, mail username, database user, database username, from email, from name, sender email, reply to email, email from, noreply email, support email, contact email",
    ),
];

/// Words behind a term that make it a flag, a time, a number or a setting about the data instead of the data.
pub(crate) const NOT_AFTER: &[&str] = &[
    "count",
    "counts",
    "attempt",
    "attempts",
    "enabled",
    "verified",
    "confirmed",
    "sent",
    "at",
    "on",
    "status",
    "state",
    "type",
    "types",
    "template",
    "templates",
    "subject",
    "required",
    "length",
    "valid",
    "visible",
    "visibility",
    "label",
    "placeholder",
    "format",
    "index",
    "class",
    "style",
    "color",
    "colour",
    "width",
    "height",
    "size",
    "expires",
    "expiry",
    "expiration",
    "expired",
    "exp",
    "changed",
    "change",
    "updated",
    "reset",
    "attempts",
    "limit",
    "usage",
    "used",
    "budget",
    "policy",
    "rules",
    "rule",
    "strength",
    "min",
    "max",
    "default",
    "field",
    "column",
    "provider",
    "frequency",
    "notifications",
    "notification",
    "alerts",
    "opt",
    "consent",
    "optin",
    "preference",
    "preferences",
    "settings",
    "setting",
    "theme",
    "component",
    "grid",
    "layout",
    "error",
    "errors",
    "hint",
    "mode",
    "version",
    "vat",
    "date",
    "time",
    "timestamp",
    "category",
    "categories",
    "queue",
    "scheduled",
    "bounced",
    "opened",
    "clicked",
    "day",
    "days",
    "cost",
    "fee",
    "amount",
    "order",
    "prefix",
    "suffix",
    "code",
    "name",
    "title",
    "language",
    "locale",
    "source",
    "target",
    "mime",
    "tokens",
    "token",
    "body",
    "html",
    "text",
    "css",
];

/// Words before a term that make the whole a flag or a setting.
pub(crate) const NOT_BEFORE: &[&str] = &[
    "is", "has", "have", "show", "hide", "enable", "can", "send", "allow", "allowed", "use", "uses", "num", "max",
    "min", "should", "need", "needs", "require", "requires", "include", "includes", "must", "did", "was", "total",
    "count", "default", "number", "nb", "notify", "accept", "accepts", "with", "verify",
];

/// Words that say who or what a store is about, and how to take it.
pub(crate) struct Subjects {
    pub(crate) subject: Subject,
    pub(crate) names: &'static str,
}

/// What a store is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Subject {
    /// A customer, user, member of staff …
    Person,
    /// A pupil, a child.
    Child,
    /// A patient, a treatment.
    Health,
    /// A client's legal matter.
    Legal,
    /// A company.
    Company,
    /// Goods, services, places: things without an owner.
    Thing,
    /// Invoices, orders, payments.
    Money,
    /// Uploaded files and pictures.
    Document,
    /// What people write to each other or to the business.
    Message,
    /// Sessions and keys.
    Credentials,
    /// Settings.
    Settings,
    /// What people did.
    Audit,
    /// Made to be read by everyone.
    Published,
    /// Smart contracts, tokens of a chain.
    Chain,
    /// Not known.
    #[default]
    Other,
}

pub(crate) const SUBJECTS: &[Subjects] = &[
    Subjects {
        subject: Subject::Health,
        names: "patient patients paciente pacientes pacient pacienti paziente pazienti medical diagnosis diagnoses prescription prescriptions medication \
                medications treatment treatments therapy health vitals allergy allergies behandlung behandlungen patienten clinical anamnesis \
                sickleave sick vaccination vaccinations",
    },
    Subjects {
        subject: Subject::Child,
        names: "child children kid kids pupil pupils kinder kindergarten enfant enfants eleve eleves nino ninos alumno alumnos \
                aluno alunos crianca criancas alunno alunni bambino bambini leerling leerlingen elev elevi copil copii gyermek gyerek \
                minor minors schueler toddler",
    },
    Subjects {
        subject: Subject::Legal,
        names: "matter matters lawsuit lawsuits litigation attorney attorneys mandat mandate akte akten",
    },
    Subjects {
        subject: Subject::Person,
        names: "customer customers client clients user users person persons people employee employees staff member members \
                contact contacts lead leads worker workers hire hires candidate candidates applicant applicants student students \
                teacher teachers tenant tenants guest guests resident residents volunteer volunteers donor donors author authors driver drivers \
                profile profiles account accounts admin admins subscriber subscribers attendee attendees participant participants \
                specialist specialists doctor doctors technician technicians salesperson owner owners manager managers agent agents \
                passenger passengers respondent respondents visitor visitors freelancer contractor contractors beneficiary beneficiaries \
                kunde kunden mitarbeiter angestellte angestellter benutzer nutzer personen mitglied mitglieder kontakt kontakte bewerber \
                interessent mieter teilnehmer utilisateur utilisateurs salarie salaries employe employes membre membres adherent adherents \
                cliente clientes clienti empleado empleados usuario usuarios persona personas miembro miembros contacto contactos \
                funcionario funcionarios colaborador colaboradores utilizador utilizadores pessoa pessoas contato contatos \
                dipendente dipendenti utente utenti persone contatto contatti socio soci \
                klant klanten medewerker medewerkers werknemer werknemers gebruiker gebruikers leden contactpersonen \
                angajat angajati utilizator utilizatori membru membri persoane \
                ugyfel ugyfelek vasarlo munkatars dolgozo dolgozok felhasznalo felhasznalok vevo vevok \
                kund kunder anstalld anstallda anvandare medlem medlemmar kontakter payroll timesheet timesheets enrollment enrollments signup signups team",
    },
    Subjects {
        subject: Subject::Company,
        names: "company companies organization organizations organisation organisations business businesses vendor vendors supplier \
                suppliers firm firms partner partners bank banks agency agencies firma firmen unternehmen lieferant lieferanten entreprise \
                entreprises societe societes fournisseur fournisseurs empresa empresas proveedor proveedores fornecedor fornecedores azienda \
                aziende fornitore fornitori bedrijf bedrijven leverancier leveranciers companie companii furnizor furnizori ceg cegek \
                beszallito foretag leverantor leverantorer practice workspace workspaces tenantorg brand brands manufacturer manufacturers school schools",
    },
    Subjects {
        subject: Subject::Money,
        names: "invoice invoices payment payments order orders quote quotes quotation quotations estimate estimates transaction transactions \
                expense expenses receipt receipts bill bills subscription subscriptions refund refunds budget budgets sale sales purchase purchases \
                rechnung rechnungen angebot angebote charge charges bestellung bestellungen zahlung zahlungen facture factures devis commande commandes factura facturas \
                pedido pedidos pago pagos fatura faturas pagamento pagamentos fattura fatture ordine ordini preventivo preventivi factuur facturen \
                bestelling bestellingen offerte offertes comanda comenzi plata plati szamla szamlak rendeles rendelesek ajanlat faktura \
                fakturor bestallning offert ledger ledgers cart carts",
    },
    Subjects {
        subject: Subject::Document,
        names: "document documents file files upload uploads photo photos picture pictures attachment attachments image images media dokument \
                dokumente datei dateien foto fotos bild bilder fichier fichiers archivo archivos arquivo arquivos documento documentos documenti \
                bestanden fisier fisiere fajl fajlok dokumentum filer resume resumes cv",
    },
    Subjects {
        subject: Subject::Message,
        names: "message messages comment comments chat chats conversation conversations ticket tickets inquiry inquiries enquiry enquiries feedback \
                note notes notification notifications review reviews email emails letter letters nachricht nachrichten notiz notizen anfrage anfragen mensaje mensajes mensagem \
                mensagens messaggio messaggi bericht berichten mesaj mesaje uzenet uzenetek meddelande guestbook complaint complaints testimonial testimonials submission submissions survey surveys",
    },
    Subjects {
        subject: Subject::Credentials,
        names: "session sessions token tokens credential credentials invite invites invitation invitations otp otps apikey apikeys \
                password passwords passkey passkeys authenticator authenticators",
    },
    Subjects {
        subject: Subject::Audit,
        names: "audit log logs activity activities history attempt attempts login logins event events presence attendance overbreak overbreaks visit visits",
    },
    Subjects {
        subject: Subject::Settings,
        names: "setting settings config configuration configurations preference preferences option options database connection smtp server servers \
                environment env einstellungen parametres ajustes configuracion configuracoes impostazioni instellingen setari beallitasok installningar",
    },
    Subjects {
        subject: Subject::Published,
        names: "post posts blog blogs page pages faq faqs news menu menus banner banners testimonial announcement announcements seo slide slides",
    },
    Subjects {
        subject: Subject::Chain,
        names: "blockchain wallet wallets nft nfts smartcontract smartcontracts onchain",
    },
    Subjects {
        subject: Subject::Thing,
        names: "product products item items article articles category categories service services room rooms project projects task tasks \
                inventory stock material materials vehicle vehicles equipment location locations store stores warehouse warehouses permission permissions role roles \
                tag tags status statuses plan plans template templates currency currencies country countries counter counters line lines \
                produkt produkte artikel kategorie leistung produit produits produto produtos prodotto prodotti producto productos termek termekek feature features \
                course courses lesson lessons unit units state states setting_type department departments city cities recipe recipes contract contracts card cards",
    },
];

/// Words for people, for `customer_name` and `employeeName`.
pub(crate) fn person_word(word: &str) -> bool {
    // German children, and the most common name for a type.
    if matches!(word, "kind" | "sick" | "therapy" | "treatment" | "payroll" | "team") {
        return false;
    }
    has(Subject::Person, word)
        || has(Subject::Health, word)
        || has(Subject::Child, word)
        || matches!(
            word,
            "recipient"
                | "sender"
                | "signer"
                | "signed"
                | "parent"
                | "guardian"
                | "spouse"
                | "emergency"
                | "assignee"
                | "homeowner"
                | "buyer"
                | "seller"
                | "billing"
                | "shipping"
                | "holder"
                | "inspector"
                | "reporter"
                | "requester"
                | "beneficiary"
                | "creator"
                | "author"
                | "mother"
                | "father"
                | "partner"
                | "salesman"
                | "rep"
        )
}

pub(crate) fn has(subject: Subject, word: &str) -> bool {
    SUBJECTS.iter().any(|row| row.subject == subject && row.names.split_ascii_whitespace().any(|name| name == word))
}
