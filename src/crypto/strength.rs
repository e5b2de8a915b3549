//! What makes a password easy to guess: being common, or being made of words that belong to its owner.

use zxcvbn::{Score, feedback::Feedback, zxcvbn};

/// So many characters are looked at: looking takes its time, and what is longer does not get weaker.
const LOOKED_AT: usize = 100;
/// Words that are shorter stand in many a good password.
const SHORTEST_WORD: usize = 3;

/// Fewer letters and digits beside those words are no secret.
const FEWEST_BESIDE: usize = 6;

/// Why somebody who knows these words would guess the password; nothing if they would not.
pub(super) fn weakness(password: &str, words: &[String]) -> Option<String> {
    let start: String = password.chars().take(LOOKED_AT).collect();
    let is_word = |word: &&String| word.chars().count() >= SHORTEST_WORD;
    let lower = |word: &String| word.to_lowercase();
    let mut words: Vec<String> = words.iter().filter(is_word).map(lower).collect();
    // What holds others goes first.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let beside = without(&start.to_lowercase(), &words);
    if beside.chars().filter(|c| c.is_alphanumeric()).count() < FEWEST_BESIDE {
        return Some("it is made of words that belong to the account or to the site".to_owned());
    }
    let known: Vec<&str> = words.iter().map(String::as_str).collect();
    let estimate = zxcvbn(&start, &known);
    if estimate.score() >= Score::Three {
        return None;
    }
    let warning = estimate.feedback().and_then(Feedback::warning);
    Some(match warning {
        Some(warning) => in_a_sentence(&warning.to_string()),
        None => "some more words make it better".to_owned(),
    })
}

/// What of the text is none of the words.
fn without(text: &str, words: &[String]) -> String {
    let text = text.to_owned();
    words
        .iter()
        .fold(text, |text, word| text.replace(word, " "))
}

/// The sentence as it stands after a colon.
fn in_a_sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    let first = chars.next().into_iter().flat_map(char::to_lowercase);
    first.chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::weakness;

    #[test]
    fn common_passwords_and_words_of_the_account_are_weak() {
        let words = ["ann.meyer@example.org", "ann", "meyer", "kindling"].map(str::to_owned);
        for (password, reason) in [
            ("passwordpassword", "repeats like"),
            ("password12345", "common"),
            ("aaaaaaaaaaaaaaaa", "repeats like"),
            ("qwertyuiop[]", "straight rows"),
            ("ann.meyer@example.org", "words that belong"),
            ("Kindling-Meyer", "words that belong"),
            ("AnnMeyer2024!", "words that belong"),
            ("Meyer-Kindling", "words that belong"),
        ] {
            let told = weakness(password, &words);
            let is_told = told.as_ref().is_some_and(|told| told.contains(reason));
            assert!(is_told, "{password}: {told:?}");
        }
        assert!(weakness(&"x".repeat(1_024), &words).is_some());
    }

    #[test]
    fn what_nobody_would_guess_is_not() {
        for password in [
            "an ember under the ashes",
            "correct horse battery staple",
            "Kindling burns my old green chairs",
            "dR8!kf92mZpq",
            "Zwölf Boxkämpfer jagen Viktor",
        ] {
            assert_eq!(
                weakness(password, &["kindling".to_owned()]),
                None,
                "{password}"
            );
        }
    }
}
