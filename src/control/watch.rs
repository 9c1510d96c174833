//! `gipc ps --watch`: a table that is drawn anew every second, until `q` or Ctrl-C, or the end of
//! the session. The session does nothing for it but answer.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::Print;
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{execute, queue};
use gipc::process::Signal;
use unicode_width::UnicodeWidthChar;

use super::client::{Client, Error};
use crate::guard::Verdict;
use crate::plan::control::Control;
use crate::standing::{self, Standing};

#[cfg(unix)]
#[path = "watch/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "watch/windows.rs"]
mod system;

/// How often the session is asked.
const EVERY: Duration = Duration::from_secs(1);

/// Shows how the instances of these names stand, and goes on.
pub(super) fn run(control: &Control, names: &[String]) -> Result<Verdict, Error> {
    let mut asked = Asked::new(control, names);
    let first = asked.table()?;
    if !io::stdout().is_terminal() {
        return print(&mut asked, first);
    }
    let screen = Screen::open().map_err(Error::Terminal)?;
    let verdict = draw(&mut asked, first).map_err(Error::Terminal);
    drop(screen);
    // What was to be seen last stays to be seen.
    match verdict? {
        Verdict::Exit(0) => Ok(crate::cli::print(asked.last.as_bytes())),
        verdict => Ok(verdict),
    }
}

/// Where there is no terminal: one table after the other.
fn print(asked: &mut Asked<'_>, mut table: String) -> Result<Verdict, Error> {
    loop {
        match crate::cli::print(table.as_bytes()) {
            Verdict::Exit(0) => {}
            verdict => return Ok(verdict),
        }
        std::thread::sleep(EVERY); // As often as on a terminal: the session tells nobody by itself.
        table = match asked.table() {
            Ok(table) => format!("\n{table}"),
            Err(error) if error.is_end() => return Ok(Verdict::Exit(0)),
            Err(error) => return Err(error),
        };
    }
}

fn draw(asked: &mut Asked<'_>, mut table: String) -> io::Result<Verdict> {
    loop {
        let next = Instant::now() + EVERY;
        show(&table)?;
        loop {
            if !event::poll(next.saturating_duration_since(Instant::now()))? {
                break;
            }
            match event::read()? {
                Event::Key(KeyEvent { kind: KeyEventKind::Release, .. }) => {}
                Event::Key(KeyEvent { code: KeyCode::Char('c'), modifiers, .. })
                    if modifiers.contains(KeyModifiers::CONTROL) =>
                {
                    return Ok(Verdict::Signal(Signal::INT));
                }
                Event::Key(KeyEvent { code: KeyCode::Char('q') | KeyCode::Esc, .. }) => {
                    return Ok(Verdict::Exit(0));
                }
                Event::Resize(..) => show(&table)?,
                _ => {}
            }
        }
        table = match asked.table() {
            Ok(table) => table,
            Err(error) if error.is_end() => return Ok(Verdict::Exit(0)),
            Err(error) => return Err(io::Error::other(error)),
        };
    }
}

/// Draws as much of the table as there is room for.
fn show(table: &str) -> io::Result<()> {
    let (width, height) = terminal::size()?;
    let mut stdout = io::stdout().lock();
    queue!(stdout, BeginSynchronizedUpdate)?;
    for (row, line) in (0..height).zip(fitting(table, height.into())) {
        let line = cut(&line, width.into());
        queue!(stdout, MoveTo(0, row), Print(line), Clear(ClearType::UntilNewLine))?;
    }
    queue!(stdout, Clear(ClearType::FromCursorDown), EndSynchronizedUpdate)?;
    stdout.flush()
}

/// So many lines, the last of which tells how many are not among them.
fn fitting(table: &str, height: usize) -> Vec<String> {
    let mut lines: Vec<_> = table.lines().map(str::to_owned).collect();
    if lines.len() > height && height > 0 {
        let more = lines.len() - (height - 1);
        lines.truncate(height - 1);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// As much of a line as has so many columns.
fn cut(line: &str, columns: usize) -> String {
    let mut width = 0;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width <= columns
    };
    line.chars().take_while(fits).collect()
}

/// What the session is asked, and what it has said before.
struct Asked<'a> {
    control: &'a Control,
    names: &'a [String],
    /// The processor time of each process, and when it was told.
    used: HashMap<i32, (f64, Instant)>,
    last: String,
}

impl<'a> Asked<'a> {
    fn new(control: &'a Control, names: &'a [String]) -> Self {
        Self { control, names, used: HashMap::new(), last: String::new() }
    }

    fn table(&mut self) -> Result<String, Error> {
        let instances = Client::find(self.control)?.instances(self.names)?;
        let now = Instant::now();
        // Of the time since the last table; where there is none, as ps(1) has it.
        let part = |instance: &Standing| {
            let (pid, usage) = instance.pid.zip(instance.usage)?;
            let (before, at) = self.used.get(&pid)?;
            let time = now.duration_since(*at).as_secs_f64().max(0.001);
            Some(((usage.cpu_seconds - before) / time).max(0.0))
        };
        self.last = standing::table_with(&instances, |it| part(it).or_else(|| it.cpu()));
        let used = instances.iter().filter_map(|it| it.pid.zip(it.usage));
        self.used = used.map(|(pid, usage)| (pid, (usage.cpu_seconds, now))).collect();
        Ok(self.last.clone())
    }
}

/// The terminal as long as it is ours; as it was, afterwards.
struct Screen;

impl Screen {
    fn open() -> io::Result<Self> {
        system::give_back_on_signals(|| drop(Self))?;
        terminal::enable_raw_mode()?;
        let screen = Self;
        execute!(io::stdout(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the terminal has gone there is nothing to be given back.
        let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_the_terminal_ends() {
        assert_eq!(cut("abcdef", 4), "abcd");
        assert_eq!(cut("日本語", 5), "日本");
        assert_eq!(cut("short", 80), "short");
    }

    #[test]
    fn a_table_is_cut_where_the_terminal_ends_and_says_so() {
        assert_eq!(fitting("head\na\nb\nc\n", 4), ["head", "a", "b", "c"]);
        assert_eq!(fitting("head\na\nb\nc\n", 3), ["head", "a", "and 2 more"]);
        assert_eq!(fitting("head\na\n", 1), ["and 2 more"]);
    }
}
