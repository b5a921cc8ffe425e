use super::*;

#[test]
fn an_answer_is_a_letter_or_its_word() {
    for (answer, key) in [("y", 'y'), ("YES", 'y'), ("N", 'n'), ("skip", 's'), ("v", 'f'), ("f", 'f'), ("U", 'U'), ("b", 'k'), ("x", 'x')] {
        assert_eq!(key_of(answer), Some(Key::Char(key)), "{answer}");
    }
    for answer in ["z", "yy", "yes please", "\u{e4}"] {
        assert_eq!(key_of(answer), None, "{answer}");
    }
}

#[test]
fn numbers_name_places_of_the_list() {
    assert_eq!(numbers("1, 3", 3), Ok(vec![0, 2]));
    for text in ["0", "4", "x", "1 -2"] {
        assert!(numbers(text, 3).is_err(), "{text}");
    }
}
