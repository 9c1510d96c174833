//! The same for code without a runtime.

use std::borrow::Borrow;
use std::fmt;

use crate::channel::on_this_thread;
use crate::codec::{Codec, Raw};
use crate::failure::Error;

/// As [`gipc::Pool`](crate::Pool); [`into_blocking`](crate::Pool::into_blocking) makes it.
///
/// # Examples
/// ```
/// use gipc::{Command, Pool};
///
/// # fn main() -> Result<(), gipc::Error> {
/// let worker = || Ok(Command::new("sh").args(["-c", "exec cat <&3 >&4"]));
/// let pool = Pool::start(worker)?.into_blocking();
/// assert_eq!(pool.call(b"hello")?, "hello");
/// let answers = pool.map([&b"one"[..], b"two"]).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(answers, ["one", "two"]);
/// pool.close();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pool<C = Raw, R = C>(super::Pool<C, R>);

impl<C: Clone, R: Clone> Clone for Pool<C, R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C, R> super::Pool<C, R> {
    /// The same pool for code without a runtime.
    pub fn into_blocking(self) -> Pool<C, R> {
        Pool(self)
    }
}

impl<C, R> Pool<C, R> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// As [`gipc::Pool::close`](crate::Pool::close).
    pub fn close(&self) {
        now(self.0.close());
    }

    /// The same pool for asynchronous code.
    pub fn into_async(self) -> super::Pool<C, R> {
        self.0
    }
}

impl<C: Codec, R: Codec + Clone> Pool<C, R> {
    /// As [`gipc::Pool::call`](crate::Pool::call).
    ///
    /// # Errors
    /// As [`gipc::Pool::call`](crate::Pool::call).
    pub fn call(&self, value: &C::Value) -> Result<R::Decoded, Error> {
        now(self.0.call(value))
    }

    /// As [`gipc::Pool::submit`](crate::Pool::submit).
    ///
    /// # Errors
    /// As [`gipc::Pool::submit`](crate::Pool::submit).
    pub fn submit(&self, value: &C::Value) -> Result<Answer<R>, Error> {
        now(self.0.submit(value)).map(Answer)
    }

    /// As [`gipc::Pool::map`](crate::Pool::map).
    pub fn map<I>(&self, messages: I) -> impl Iterator<Item = Result<R::Decoded, Error>>
    where
        I: IntoIterator<Item: Borrow<C::Value>>,
    {
        let mut answers = self.0.map(messages);
        std::iter::from_fn(move || now(answers.next()))
    }

    /// As [`gipc::Pool::map_unordered`](crate::Pool::map_unordered).
    pub fn map_unordered<I>(
        &self,
        messages: I,
    ) -> impl Iterator<Item = (usize, Result<R::Decoded, Error>)>
    where
        I: IntoIterator<Item: Borrow<C::Value>>,
    {
        let mut answers = self.0.map_unordered(messages);
        std::iter::from_fn(move || now(answers.next()))
    }
}

/// As [`gipc::pool::Answer`](crate::pool::Answer).
#[must_use = "it must be waited for"]
pub struct Answer<R = Raw>(super::Answer<R>);

impl<R: Codec> Answer<R> {
    /// Waits for it.
    ///
    /// # Errors
    /// As [`gipc::pool::Answer`](crate::pool::Answer).
    pub fn get(self) -> Result<R::Decoded, Error> {
        now(self.0)
    }
}

impl<R> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Waits on this thread.
fn now<T>(future: impl Future<Output = T>) -> T {
    on_this_thread(future, None).expect("without a deadline it comes to its end")
}
