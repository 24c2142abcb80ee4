//! What names say about rights: fields that decide what an account may, and stores whose records are accounts.

use plimsoll_model::app::Gain;
pub(crate) use plimsoll_model::names::{has, words};

/// What a field decides about its account, by its name. [`Gain::Tenant`] and a bare `status` only count where something
/// relies on them.
pub(crate) fn privilege(name: &str) -> Option<Gain> {
    let words = words(name);
    let any = |list: &[&str]| has(&words, list);
    let only = |list: &[&str]| words.len() == 1 && any(list);
    if only(&["role", "admin", "permission", "privilege", "superadmin", "scope", "papel", "perfil", "rol", "permisos"])
        || only(&["funcoes", "permissoes", "rolle", "berechtigungen"])
        || (any(&["role"])
            && any(&[
                "user", "app", "system", "account", "member", "access", "global", "org", "team", "staff", "primary",
                "main",
            ])
            && !any(&["description", "name"]))
        || (any(&["is", "can", "has"])
            && any(&["admin", "superadmin", "superuser", "staff", "moderator", "manager", "editor", "super"]))
        || (any(&["access", "permission", "privilege", "clearance"]) && any(&["level", "group"]))
        || (any(&["account", "user"]) && words.last().is_some_and(|word| word == "type"))
        || words.join("") == "isadmin"
    {
        return Some(Gain::Role);
    }
    if (any(&["approved", "verified", "approval", "kyc", "banned", "suspended", "blocked"])
        && !any(&["at", "by", "email", "phone", "date", "reason", "note"]))
        || (any(&["account", "membership", "verification"]) && any(&["status"]))
    {
        return Some(Gain::Approval);
    }
    if (any(&["plan", "tier", "subscription"])
        && !any(&["name", "id", "at", "date", "meal", "start", "end", "stripe", "floor", "description"]))
        || (any(&["is", "has"]) && any(&["premium", "pro", "paid", "vip"]))
        || (any(&["credit", "credits", "coins", "tokens", "wallet"]) && !any(&["card", "note", "access", "refresh"]))
        || (only(&["balance", "premium"]) || (any(&["balance"]) && any(&["wallet", "account", "credit", "current"])))
    {
        return Some(Gain::Paid);
    }
    None
}

/// Whether a store's rows are what somebody asks of others: an order, a booking, a request.
pub(crate) fn is_asked_for(name: &str) -> bool {
    has(
        &words(name),
        &[
            "order",
            "booking",
            "reservation",
            "appointment",
            "purchase",
            "payment",
            "request",
            "application",
            "claim",
            "expense",
            "leave",
            "timesheet",
            "refund",
            "withdrawal",
            "payout",
            "registration",
            "enrollment",
            "enrolment",
            "donation",
            "deposit",
            "loan",
            "reimbursement",
            "rental",
            "absence",
            "vacation",
            "overtime",
            "redemption",
        ],
    )
}

/// Whether a field says who asks, and not who offers or is charged with something.
pub(crate) fn is_asker(name: &str) -> bool {
    is_owner(name)
        && !has(&words(name), &["owner", "vendor", "seller", "host", "assigned", "author", "sender", "uploaded"])
}

/// Whether a field says what somebody owes for something.
pub(crate) fn is_money_owed(name: &str) -> bool {
    let words = words(name);
    let joined = words.join("_");
    matches!(
        joined.as_str(),
        "price"
            | "total"
            | "total_price"
            | "total_amount"
            | "base_price"
            | "unit_price"
            | "final_price"
            | "grand_total"
            | "subtotal"
            | "amount_due"
            | "amount_paid"
            | "discount"
            | "discount_amount"
            | "payment_status"
            | "is_paid"
            | "paid"
            | "paid_at"
    )
}

/// Whether a field names the tenant that a row or account belongs to.
pub(crate) fn is_tenant(name: &str) -> bool {
    let words = words(name);
    has(
        &words,
        &[
            "org",
            "organization",
            "organisation",
            "company",
            "tenant",
            "workspace",
            "clinic",
            "team",
            "business",
            "agency",
            "school",
            "franchise",
            "branch",
            "store",
            "department",
            "household",
            "family",
            "restaurant",
            "practice",
            "salon",
            "group",
            "institution",
        ],
    ) && (words.len() == 1 || words.last().is_some_and(|word| word == "id"))
}

/// Whether a field says whose a row is.
pub(crate) fn is_owner(name: &str) -> bool {
    let words = words(name);
    let joined = words.join("_");
    [
        "user_id",
        "owner_id",
        "owner",
        "created_by",
        "author_id",
        "author",
        "uid",
        "user",
        "profile_id",
        "creator_id",
        "userid",
        "customer_id",
        "client_id",
        "sender_id",
        "employee_id",
        "member_id",
        "student_id",
        "patient_id",
        "uploaded_by",
        "user_uid",
        "account_id",
        "assigned_to",
        "seller_id",
        "vendor_id",
        "host_id",
    ]
    .contains(&joined.as_str())
}

/// Whether a store's rows describe accounts: who they are and what they may. The last word of its name says it: `user_roles`,
/// `profiles`, but not `user_settings`.
pub(crate) fn is_account_store(name: &str) -> bool {
    let bare = name.rsplit(['.', '/']).next().unwrap_or(name);
    let words = words(bare);
    let Some(last) = words.last() else { return false };
    has(
        std::slice::from_ref(last),
        &[
            "profile",
            "user",
            "account",
            "member",
            "membership",
            "role",
            "admin",
            "staff",
            "subscription",
            "subscriber",
            "wallet",
            "credit",
            "employee",
            "permission",
        ],
    ) && !has(
        &words,
        &[
            "bank",
            "social",
            "email",
            "push",
            "newsletter",
            "notification",
            "channel",
            "connected",
            "payment",
            "report",
            "alert",
            "digest",
            "reminder",
            "webhook",
            "topic",
            "feed",
        ],
    )
}

/// Whether values of a role say more than an ordinary account.
pub(crate) fn is_powerful(value: &str) -> bool {
    let words = words(value);
    has(
        &words,
        &[
            "admin",
            "administrator",
            "superadmin",
            "super",
            "owner",
            "manager",
            "staff",
            "moderator",
            "developer",
            "root",
            "true",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::{is_account_store, is_owner, is_tenant, privilege, words};
    use plimsoll_model::app::Gain;

    #[test]
    fn names() {
        assert_eq!(words("isAdmin_flag"), ["is", "admin", "flag"]);
        for (name, gain) in [
            ("role", Some(Gain::Role)),
            ("is_admin", Some(Gain::Role)),
            ("isAdmin", Some(Gain::Role)),
            ("user_type", Some(Gain::Role)),
            ("approved", Some(Gain::Approval)),
            ("approved_at", None),
            ("credits", Some(Gain::Paid)),
            ("subscription_tier", Some(Gain::Paid)),
            ("email_verified", None),
            ("full_name", None),
            ("credit_card", None),
        ] {
            assert_eq!(privilege(name), gain, "{name}");
        }
        assert!(is_tenant("organization_id") && is_tenant("clinicId") && !is_tenant("company_name"));
        assert!(is_owner("user_id") && is_owner("userId") && !is_owner("id"));
        assert!(is_account_store("user_roles") && is_account_store("profiles") && is_account_store("clinics/members"));
        assert!(!is_account_store("invoices") && !is_account_store("userStates") && !is_account_store("bank_accounts"));
    }
}
