//! What images say of themselves, without running them.

use super::{Elsewhere, Evidence, Place, plan, write_preset};
use crate::cli::again::Again;
use crate::cli::args::Observe;
use crate::cli::harden::{Status, finish, present};
use crate::cli::prepared::Aim;
use crate::cli::trial::look_at_image;
use crate::cli::ui::Ui;
use crate::cli::verify::connect;
use crate::edge::disk::{self, Disk};
use crate::edge::docker::Trial;
use crate::error::{Error, Result};
use crate::evidence::image::{Candidates, Image};
use crate::evidence::preset::Saved;
use crate::evidence::{Need, Selection, WritablePath};
use crate::plan::Files;
use crate::report::json::json;
use crate::text::clean_line;
use serde::Serialize;

/// What was read, for programs.
#[derive(Serialize)]
struct Report {
    version: u32,
    images: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    image: String,
    /// The service that has it, where the project was asked.
    #[serde(skip_serializing_if = "String::is_empty")]
    service: String,
    /// Whether it is on the engine.
    is_here: bool,
    about: Vec<String>,
    paths: Vec<Candidate>,
    elsewhere: Vec<Elsewhere>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Candidate {
    #[serde(flatten)]
    place: Place,
    /// `reported` where the image says so, `assumed` where it only looks so.
    how_sure: String,
    /// Whether the image declares it as a volume.
    declared: bool,
}

/// An image that is asked for, and the service that has it.
struct Asked {
    service: String,
    image: String,
}

/// Says what images say of themselves, and shows, saves or writes what follows.
pub(super) fn run(ui: &Ui, args: &Observe, names: &[String]) -> Result<Status> {
    let ask = args.writing.ask()?;
    if let Some(file) = &args.save {
        disk::absent(file)?;
    }
    let of_project = names.is_empty();
    if !of_project && args.writing.write {
        let hint = "leave out the names to take the images of the project";
        return Err(Error::Usage("a plan is made for the images of a project".into(), Some(hint.into())));
    }
    // A person who sees it may take what is only assumed; nobody else does.
    let assume = args.writing.aim() != Aim::Write { asks: false };
    let chosen = Selection { assume, ..args.choice.selection()? };
    let needs = if of_project { needs(args, &chosen)? } else { Vec::new() };
    let (wanted, mut unseen) = if of_project {
        images(args, &needs)?
    } else {
        (names.iter().map(|image| Asked { service: String::new(), image: image.clone() }).collect(), Vec::new())
    };
    let docker = connect(ui)?;
    let trial = Trial::begin(&docker)?;
    let looked: Result<Vec<(Asked, Option<Image>)>> = wanted
        .into_iter()
        .map(|asked| {
            ui.status(&format!("looking at {}", clean_line(&asked.image)));
            let image = look_at_image(&docker, &trial, &asked.image, &asked.image)?.map(|(_, image)| image);
            Ok((asked, image))
        })
        .collect();
    let end = trial.end();
    ui.progress_done();
    let looked = looked?;
    end?;
    let (mut rows, mut found, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (asked, image) in looked {
        let Some(image) = image else {
            unseen.push(asked.service.clone());
            rows.push(Row::missing(asked));
            continue;
        };
        let need = needs.iter().find(|n| n.service == asked.service);
        let alone = need.map(|need| Need { paths: Vec::new(), ..need.clone() });
        let candidates = image.candidates(&asked.service, alone.as_ref());
        found.extend(candidates.paths.iter().cloned());
        kept.push((asked.image.clone(), image.config.user.clone(), candidates.paths.clone()));
        rows.push(Row::of(asked, &image, candidates));
    }
    let is_whole = rows.iter().all(|row| row.is_here) && unseen.is_empty();
    if args.writing.is_json() {
        ui.out(&json(&Report { version: 1, images: rows })?);
        return Ok(if is_whole { Status::Done } else { Status::FindingsRemain });
    }
    rows.iter().for_each(|row| ui.sentences(&row.lines()));
    if let Some(file) = &args.save {
        let [(image, user, paths)] = kept.as_slice() else {
            let hint = Some("name one image: --image IMAGE".to_owned());
            return Err(Error::Usage(format!("a preset is about one image, and {} were read", kept.len()), hint));
        };
        let user = if user.is_empty() { "root" } else { user };
        let summary = format!("What the image {image} says of itself; nobody ran it");
        write_preset(
            ui,
            file,
            &Saved { summary: &summary, source: "rofs-harden observe --image", image: Some(image), user: Some(user), paths },
        )?;
    }
    ui.note("nothing was run: what a program writes by itself is not in its image");
    if !of_project || found.is_empty() {
        ui.hint("`rofs-harden observe` runs a project and sees what it writes; `--save FILE` keeps the candidates as a preset to edit");
        return Ok(if is_whole { Status::Done } else { Status::FindingsRemain });
    }
    let [path] = args.input.runnable("observe")?[..] else { return Ok(Status::FindingsRemain) };
    let (input, aim) = (args.input.project(path), args.writing.aim());
    let seen = |need: &&Need| found.iter().any(|p: &WritablePath| p.service == need.service);
    unseen.extend(needs.iter().filter(|need| !seen(need)).map(|need| need.service.clone()));
    let broken = rows.iter().filter_map(|row| Some((row.service.clone(), row.elsewhere.first()?.path.clone()))).collect();
    let plan = plan(ui, args, &input, Evidence { chosen, found, known: &needs, unseen, broken })?;
    present(ui, aim, &plan);
    let status = finish(ui, aim, &[&plan], ask.as_ref())?;
    let verify = Again::of(&args.input, &args.choice).command("verify", "");
    ui.hint(&format!("`{verify}` runs the result and says whether it works"));
    Ok(if is_whole { status } else { Status::FindingsRemain })
}

/// What is known of the services of the project.
fn needs(args: &Observe, chosen: &Selection) -> Result<Vec<Need>> {
    let [path] = args.input.runnable("observe")?[..] else {
        return Err(Error::Usage("observe looks at one project at a time".into(), Some("name one PATH, or images".into())));
    };
    let files = Files::read(&Disk, &args.input.project(path))?;
    let project = files.project()?;
    files.needs(&project, &Selection { limits: true, ..chosen.clone() })
}

/// The images of the project's services, and the services without one.
fn images(args: &Observe, needs: &[Need]) -> Result<(Vec<Asked>, Vec<String>)> {
    let [path] = args.input.runnable("observe")?[..] else { return Ok(Default::default()) };
    let files = Files::read(&Disk, &args.input.project(path))?;
    let project = files.project()?;
    let (mut asked, mut without) = (Vec::new(), Vec::new());
    for need in needs {
        match project.service(&need.service).and_then(|service| service.text("image")) {
            Some(image) => asked.push(Asked { service: need.service.clone(), image: image.into_owned() }),
            None => without.push(need.service.clone()),
        }
    }
    Ok((asked, without))
}

impl Row {
    fn missing(asked: Asked) -> Self {
        let Asked { service, image } = asked;
        Self { image, service, is_here: false, about: Vec::new(), paths: Vec::new(), elsewhere: Vec::new(), notes: Vec::new() }
    }

    fn of(asked: Asked, image: &Image, candidates: Candidates) -> Self {
        let Candidates { paths, elsewhere, notes } = candidates;
        let candidate = |path: &WritablePath| Candidate {
            place: Place::of(path),
            how_sure: path.reason.confidence.to_string(),
            declared: path.is_declared,
        };
        Self {
            image: asked.image,
            service: asked.service,
            is_here: true,
            about: image.about(),
            paths: paths.iter().map(candidate).collect(),
            elsewhere: elsewhere.into_iter().map(|(path, help)| Elsewhere { path, help }).collect(),
            notes,
        }
    }

    fn lines(&self) -> String {
        let service = if self.service.is_empty() { String::new() } else { format!("{}: ", self.service) };
        let mut text = format!("{}\n", clean_line(&format!("{service}{}", self.image)));
        if !self.is_here {
            return text + "    it is not on the engine: pull or build it\n";
        }
        text.extend(self.about.iter().map(|line| format!("    {}\n", clean_line(line))));
        for Candidate { place, how_sure, .. } in &self.paths {
            text += &format!("    {} ({how_sure})\n        {}\n", clean_line(&place.mount), clean_line(&place.why));
        }
        for other in &self.elsewhere {
            text += &format!("    {} cannot be mounted\n        {}\n", clean_line(&other.path), clean_line(&other.help));
        }
        text.extend(self.notes.iter().map(|line| format!("    note: {}\n", clean_line(line))));
        if self.paths.is_empty() && self.elsewhere.is_empty() {
            text += "    nothing in it says where it writes\n";
        }
        text
    }
}
