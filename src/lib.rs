//! `rofs-harden` makes Docker Compose services run on a read-only root filesystem, changes nothing else in the file, and says why for
//! every line.
//!
//! One idea carries it: a preset, a log, a running container and a person all say the same kind of thing, *service S must be able to
//! write at path P, because R*. That is an [`evidence::WritablePath`]. One function turns a project and writable paths into findings
//! ([`audit::audit`]); one function turns accepted fixes into verified bytes ([`rewrite::rewrite`]). [`plan`] brings both to a project
//! of files, wherever those come from; every front end starts there.
//!
//! ```text
//! text → yaml → compose → evidence → audit → rewrite → plan → report → trial → propose      pure, one direction, no effects
//!                                                     edge · server · cli        the only places with effects
//! ```
//!
//! # Map
//!
//! | module | what it knows |
//! |---|---|
//! | [`text`] | a file's text, places in it, its line breaks |
//! | [`remedy`] | what to do about something, which each front end says in its own words |
//! | [`error`] | every way the tool can fail, each with its hint |
//! | [`yaml`] | nodes with exact places; what scalars mean to Compose; the only user of yaml-rust2 |
//! | [`compose`] | projects of many files: layers, `extends`, `include`, variables; services after merging, mounts, image names, Dockerfiles |
//! | [`evidence`] | presets, the catalogue below them, logs and runs; what they say a service must write, and what it can do without |
//! | [`audit`] | rules, findings and fixes: the smallest set of changes, or the reason why not; the writable surface |
//! | [`rewrite`] | where a change goes, how the file would write it, the splice, the three laws |
//! | [`plan`] | the application: sources of files, options, the configuration file, consent; a project's plan |
//! | [`report`] | the versioned report and its formats: text, JSON, SARIF, GitHub, Markdown, HTML; the diff |
//! | [`trial`] | what a run of a project is: isolation, the judge of what is seen of its services, what that means |
//! | [`propose`] | what a pull request is: what is proposed, what is to be done about it, what is written for it; reviews |
//! | [`edge`] | the disk and commits as sources of files; atomically writing files; running the Compose CLI and projects on the engine; Git and forges |
//! | [`server`] | the language server: what is known of a project, in the words of an editor |
//! | [`cli`] | the command line, questions; carrying out trials, and healing |
//!
//! # What always holds
//!
//! 1. A module uses only modules above it in the map; `edge` uses `text`, `error`, [`plan::source`], plain data of [`trial`] and what [`propose`] decides; only
//!    `server` and `cli` see both sides.
//! 2. The core has no effects: no files, processes, environment, network or clock, and it prints nothing. Files that it needs are asked
//!    for ([`compose::wanted`], [`compose::dockerfile::references`]) and come from a [`plan::FileSource`].
//! 3. A [`rewrite::Rewrite`] exists only after the three laws held for it: the result means what the plan says, node by node and service
//!    by service; planning again plans nothing, also where a part of the plan was refused; every byte outside an edit is as it was, and
//!    no comment is lost.
//! 4. What is not done is said: a refusal is a finding with a place and a reason.
//! 5. Iteration follows the order of the input: the same input gives the same bytes on every run and machine.
//! 6. Input comes from strangers: depth, size and alias expansion are bounded before anything recurses, and nothing from a file reaches a
//!    terminal unescaped.
//! 7. What a file names is read inside the project's root or not at all. What is repeated is what the Compose file says, never the value
//!    of a variable, and never a line of a file that is no Compose file of the project.
//!
//! Most of this is checked by `tests/architecture.rs`, `clippy.toml` and the tests of the laws.

pub mod text;

pub mod remedy;

pub mod error;

pub mod yaml;

pub mod compose;

pub mod evidence;

pub mod audit;

pub mod rewrite;

pub mod plan;

pub mod report;

pub mod trial;

pub mod propose;

#[cfg(feature = "edge")]
pub mod edge;

#[cfg(feature = "server")]
pub mod server;

#[cfg(feature = "cli")]
pub mod cli;
