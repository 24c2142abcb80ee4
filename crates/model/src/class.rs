//! Data classes: how sensitive a load is.

/// How sensitive data is, lightest first. The order is the order of the load line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub enum DataClass {
    /// Nothing real.
    #[default]
    Demo,
    /// Meant for everyone.
    Public,
    /// Business data that belongs inside the business.
    Internal,
    /// Names, contacts, records of customers or staff.
    Personal,
    /// Payment, bank, health, government identity, children, credentials, legal privilege.
    Sensitive,
}

impl DataClass {
    /// All classes, lightest first.
    pub const ALL: [DataClass; 5] =
        [DataClass::Demo, DataClass::Public, DataClass::Internal, DataClass::Personal, DataClass::Sensitive];

    /// The word used in every output and in `plimsoll.toml`.
    pub fn word(self) -> &'static str {
        match self {
            DataClass::Demo => "demo",
            DataClass::Public => "public",
            DataClass::Internal => "internal",
            DataClass::Personal => "personal",
            DataClass::Sensitive => "sensitive",
        }
    }

    /// What the class holds, for an owner.
    pub fn gloss(self) -> &'static str {
        match self {
            DataClass::Demo => "nothing real",
            DataClass::Public => "data meant for everyone",
            DataClass::Internal => "business data that should stay inside the business",
            DataClass::Personal => "names, contacts and records of customers or staff",
            DataClass::Sensitive => "payment, bank, health or identity data, passwords, data of children",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        DataClass::ALL.into_iter().find(|class| class.word() == word)
    }
}
