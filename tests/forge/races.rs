//! A person who pushes while the bot waits: nothing of theirs is deleted.

use super::fake::{self, Fault, http::Reply};
use super::{BRANCH, Hurry, PATIENCE, World, proposal};
use rofs_harden::edge::forge::{Clock, Forge, GitHub, PACE, Place, Session, Token};
use rofs_harden::error::{Error, Fault as Kind, Result};
use std::rc::Rc;
use std::time::Duration;

/// A clock on which something happens whenever somebody waits.
pub(super) struct Meanwhile<F: Fn()> {
    pub(super) clock: Hurry,
    pub(super) act: F,
}

impl<F: Fn()> Clock for Meanwhile<F> {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wait(&self, time: Duration, why: &str) -> Result<()> {
        (self.act)();
        self.clock.wait(time, why)
    }
}

/// A run in whose every pause something happens.
pub(super) fn session(act: impl Fn() + 'static) -> Rc<Session> {
    Rc::new(Session::new(Box::new(Meanwhile { clock: Hurry::new(), act }), PATIENCE, PACE, 1))
}

/// What makes a client wait before it deletes a branch.
#[derive(Debug, PartialEq)]
enum Pause {
    Pace,
    Limit,
    Problem,
}

#[test]
fn a_branch_is_looked_at_after_every_pause_and_before_every_try() {
    for pause in [Pause::Pace, Pause::Limit, Pause::Problem] {
        let World { fake, .. } = World::with_branch();
        let (fake, seen) = (Rc::new(fake), Rc::new(std::cell::Cell::new(0)));
        let place = Place { api: fake.api(), owner: fake::OWNER.into(), name: fake::NAME.into() };
        let (shared, pauses) = (Rc::clone(&fake), Rc::clone(&seen));
        let session = session(move || {
            pauses.set(pauses.get() + 1);
            shared.state().objects.commit(BRANCH, &[("100644", "mine.txt", b"mine\n")], "By hand");
        });
        let hub = GitHub::new(&place, Token::new(fake::TOKEN), &session).unwrap();
        let before = fake.state().objects.tip(BRANCH).unwrap();
        match pause {
            Pause::Pace => drop(hub.create(&proposal()).unwrap()),
            Pause::Limit => fake.fail("DELETE", "/git/refs/{ref}", Fault::Instead(super::errors::limit(429).with("Retry-After", 7))),
            Pause::Problem => fake.fail("DELETE", "/git/refs/{ref}", Fault::Instead(Reply::empty(502))),
        }
        let result = hub.delete_branch(BRANCH, &before);
        assert!(matches!(&result, Err(Error::Forge(e)) if e.fault == Kind::Stale), "{pause:?}: {result:?}");
        let kept = fake.state().objects.line(&["log", "-1", "--format=%s", BRANCH], b"").unwrap();
        assert_eq!((kept.as_str(), seen.get()), ("By hand", 1), "{pause:?}");
    }
}

#[test]
fn a_branch_whose_deletion_was_not_answered_is_found_gone() {
    for fault in [Fault::After(Reply::empty(502)), Fault::HangUpAfter] {
        let world = World::with_branch();
        world.fake.fail("DELETE", "/git/refs/{ref}", fault);
        world.hub.delete_branch(BRANCH, &world.tip(BRANCH)).unwrap();
        assert_eq!((world.fake.count("DELETE", "/git/refs"), world.fake.state().objects.tip(BRANCH)), (1, None));
    }
}
