//! What each may send in a minute, and what is executed at once.

mod overload;
mod rates;
