//! `${VAR}`, `${VAR:-default}` and `$$` in values.

use std::ffi::OsString;

/// The text with its variables replaced. A `$` before anything else than `{` and `$` stays, so that
/// a shell's `$1` and the `$` of a regular expression need no care.
pub(super) fn expand(
    text: &str,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<String, String> {
    let mut rest = text;
    let mut expanded = until(&mut rest, variable, 0)?;
    // Defaults may hold variables in turn, but nothing is open at the end.
    debug_assert!(rest.is_empty());
    expanded.shrink_to_fit();
    Ok(expanded)
}

/// Defaults within defaults, so many at most: each takes stack.
const DEEPEST: usize = 16;

/// Takes text to its end or, at a `depth` of defaults, to the brace that closes the innermost.
fn until(
    rest: &mut &str,
    variable: &dyn Fn(&str) -> Option<OsString>,
    depth: usize,
) -> Result<String, String> {
    let inside = depth > 0;
    if depth > DEEPEST {
        return Err(format!("more than {DEEPEST} defaults stand within each other"));
    }
    let mut expanded = String::new();
    loop {
        let stop: &[char] = if inside { &['$', '}'] } else { &['$'] };
        let Some(at) = rest.find(stop) else {
            if inside {
                return Err(UNCLOSED.to_owned());
            }
            expanded.push_str(rest);
            *rest = "";
            return Ok(expanded);
        };
        expanded.push_str(&rest[..at]);
        *rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('}') {
            *rest = after;
            return Ok(expanded);
        }
        if let Some(after) = rest.strip_prefix("$$") {
            expanded.push('$');
            *rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            *rest = after;
            expanded.push_str(&reference(rest, variable, depth)?);
        } else {
            expanded.push('$');
            *rest = &rest[1..];
        }
    }
}

const UNCLOSED: &str = "a `${` is not closed; for a literal `${` write `$${`";

/// Takes what follows on `${`.
fn reference(
    rest: &mut &str,
    variable: &dyn Fn(&str) -> Option<OsString>,
    depth: usize,
) -> Result<String, String> {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').ok_or(UNCLOSED)?;
    let name = &rest[..end];
    *rest = &rest[end..];
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a `${` must be followed by a name; for a literal `${` write `$${`".to_owned());
    }
    let value = match variable(name).map(OsString::into_string) {
        Some(Ok(value)) => Some(value),
        Some(Err(_)) => return Err(format!("the variable `{name}` is not UTF-8")),
        None => None,
    };
    if let Some(after) = rest.strip_prefix('}') {
        *rest = after;
        return value.ok_or_else(|| {
            format!("the variable `{name}` is not set; `${{{name}:-…}}` gives it a default")
        });
    }
    if let Some(after) = rest.strip_prefix(":-") {
        *rest = after;
        // What is not needed may name what is not set.
        return match value.filter(|value| !value.is_empty()) {
            Some(value) => until(rest, &|_| Some(OsString::new()), depth + 1).map(|_| value),
            None => until(rest, variable, depth + 1),
        };
    }
    Err(format!(
        "only `${{{name}}}` and `${{{name}:-default}}` are supported; for the shell's own forms \
         write `$${{`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let variable = |name: &str| match name {
            "A" => Some("a b".into()),
            "EMPTY" => Some(OsString::new()),
            "MONEY" => Some("${A}".into()),
            _ => None,
        };
        expand(text, &variable)
    }

    #[test]
    fn variables_are_replaced_once() {
        for (text, expected) in [
            ("", ""),
            ("plain } text", "plain } text"),
            ("<${A}>", "<a b>"),
            ("${A}${A}", "a ba b"),
            ("${EMPTY}", ""),
            ("${MONEY}", "${A}"),
            ("${A:-x}", "a b"),
            ("${NONE:-x}", "x"),
            ("${NONE:-}", ""),
            ("${EMPTY:-x}", "x"),
            ("${NONE:-${A}}!", "a b!"),
            ("${NONE:-${NEITHER:-y}}!", "y!"),
            ("${A:-${NONE}}!", "a b!"),
            ("$$", "$"),
            ("$${A}", "${A}"),
            ("${NONE:-$$}", "$"),
            ("$1 $A $", "$1 $A $"),
            ("ready$", "ready$"),
            ("ä${A}ö", "äa bö"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_variable_is_told() {
        for (text, words) in [
            ("${NONE}", "`NONE` is not set"),
            ("${NONE:-${NEITHER}}", "`NEITHER` is not set"),
            ("${A", "not closed"),
            ("${A:-x", "not closed"),
            ("${A:-${B:-x}", "not closed"),
            ("${}", "followed by a name"),
            ("${1}", "followed by a name"),
            ("${A-x}", "only `${A}` and `${A:-default}`"),
            ("${A%.*}", "only"),
            (&"${A:-".repeat(100_000), "within each other"),
        ] {
            let error = expanded(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    // What is no text is made by other means on Windows.
    #[cfg(unix)]
    #[test]
    fn a_variable_must_be_text() {
        use std::os::unix::ffi::OsStringExt;
        let error = expand("${X}", &|_| Some(OsString::from_vec(vec![0xff]))).unwrap_err();
        assert_eq!(error, "the variable `X` is not UTF-8");
    }
}
