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
    /// He reads any file of the server, or the app's own code with what stands beside it.
    ReadsFiles,
    /// He makes the browser of a victim send a request of his choice to an entry point, by its label, and sees no answer.
    Forges(String),
    /// He sends requests from inside the owner's network.
    ReachesInside,
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
    /// What [`Claim::Plants`] says of what the browser side keeps in the visitor's own browser.
    pub const BROWSER_KEPT: &str = "what the visitor's browser keeps";
    /// What [`Claim::Knows`] says of what the app keeps of its users' passwords: the hashes, or the passwords themselves.
    pub const STORED_PASSWORDS: &str = "what is kept of the users' passwords";
    /// What [`Claim::Knows`] says of passwords that were got out of what is kept of them.
    pub const PLAIN_PASSWORDS: &str = "the users' passwords";
    /// What [`Claim::Knows`] says of a database that strangers can connect to: whether the host lets them is not in the code.
    pub const OPEN_DATABASE: &str = "that the database answers from outside";
    /// What [`Claim::Knows`] says of somebody who clicks a warning away.
    pub const IGNORED_WARNING: &str = "that whoever opens the table clicks its warning away";
    /// What [`Claim::Knows`] says of the code with which a debugger lets its owner in.
    pub const DEBUGGER_CODE: &str = "the debugger's code";
    /// What [`Claim::Knows`] says of a token that a guessable generator made.
    pub const GUESSED_TOKEN: &str = "a token that was guessed";
    /// What [`Claim::Knows`] says of a place whose text comes from a store that is not known.
    pub const SHOWN_THERE: &str = "that what is shown there is what strangers can write";
    /// What [`Claim::Knows`] says of a browser that sends a cookie without `SameSite` along to other websites' requests.
    pub const SENDS_COOKIES: &str = "that the visitor's browser sends such a cookie along";
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
    /// The gain is had without it too, and this makes it easier: no link whose repair breaks a chain.
    pub eases: bool,
}
