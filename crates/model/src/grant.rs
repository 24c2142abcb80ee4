//! What a weakness gives to an attacker, as claims that can be chained.
//!
//! A rule says for its own finding what an attacker needs and what he gains ([`Grant`]); the engine of `plimsoll-chains`
//! only composes. Claims are about this app: "acts as an administrator", "knows the signing key".

use crate::DataClass;

/// Where an attacker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// Anyone on the internet.
    Anyone,
    /// Any user with a login.
    SignedIn,
    /// An administrator (or the highest role that the app knows).
    Administrator,
}

/// Something true of the attacker or missing in the app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// He may call what this position may, with an account of his own.
    Stands(Position),
    /// He can make a user open a link or a page of his.
    Lures,
    /// He has read the source code.
    ReadSource,
    /// He is logged in as somebody else with this position, for as long as he likes.
    Holds(Position),
    /// He has replaced the password of somebody else with this position: the login is his, and its owner is locked out.
    Keeps(Position),
    /// He acts as a victim of this position while the victim has a page open (`HttpOnly` does not stop this).
    ActsAs(Position),
    /// A script of his runs in the browser of a victim of this position.
    RunsScript(Position),
    /// He knows a secret: what it is.
    Knows(String),
    /// He can call an entry point, by its label.
    Calls(String),
    /// He can leave text or files in a store, which others are shown.
    Plants(String),
    /// He has a link that was meant for one customer.
    HasLink,
    /// A script in the page can read the login token.
    TokenReadable,
    /// No content security policy stops a script that was slipped in.
    NoScriptPolicy,
    /// Passwords can be tried out without a limit.
    GuessesUnlimited,
    /// Requests that other websites cause are accepted with the victim's login.
    ForeignRequestsAccepted,
    /// Other websites can read answers made for the victim.
    ForeignReadsAllowed,
    /// He reads data of a class, in bulk.
    Reads(DataClass),
    /// He changes or deletes data of a class.
    Writes(DataClass),
    /// He runs code on the server.
    RunsCode,
    /// He spends the owner's money on a paid service.
    SpendsMoney,
    /// He sends mail in the owner's name.
    SendsMail,
}

impl Claim {
    /// What [`Claim::Knows`] says of accounts for trying out: that they still work is known only to whoever tries.
    pub const DEMO_ACCOUNTS: &str = "that the accounts for trying out still work";
    /// What [`Claim::Knows`] says of passwords that every visitor receives.
    pub const SHIPPED_PASSWORDS: &str = "passwords that every visitor receives";
}

/// One implication: whoever has all that is needed gains this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// All of these are needed.
    pub needs: Vec<Claim>,
    /// What is gained.
    pub gain: Claim,
    /// The step as a sentence of the story, with this app's own routes and data: `reads /api/customers without a login`.
    pub text: String,
}
