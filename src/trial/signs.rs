//! What is seen of a service from outside while it runs: where it listens and what of it has died. One that lacks what it had before does
//! not do all of its work, whatever probes say.

use std::collections::BTreeSet;

/// Ports from here on are given out by the kernel, another one each time.
const CHOSEN_BY_KERNEL: u16 = 32_768;
/// The engine's own name server, as `/proc/net` writes its address.
const NAME_SERVER: &str = "0B00007F";

/// What was seen of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// Ports where it listens; `None` where that could not be asked.
    ports: Option<BTreeSet<(u16, &'static str)>>,
    /// Sockets with a name in the filesystem on which it listens.
    sockets: BTreeSet<String>,
    /// Names of its processes that have ended, and that nobody waits for.
    dead: BTreeSet<String>,
}

impl Signs {
    /// From the texts of `/proc/net/tcp`, `/proc/net/unix` and their like, and from states and names of processes, as `ps -o pid,stat,comm` has them.
    pub fn read(sockets: Option<&str>, processes: Option<&str>) -> Self {
        let names = sockets.into_iter().flat_map(str::lines).filter_map(socket).map(str::to_owned).collect();
        let ports = sockets.map(|text| text.lines().filter_map(port).filter(|(port, _)| *port < CHOSEN_BY_KERNEL).collect());
        let dead = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            let is_dead = words.next().is_some_and(|state| state.starts_with('Z'));
            words.next().filter(|_| is_dead).map(str::to_owned)
        };
        Self { ports, sockets: names, dead: processes.into_iter().flat_map(str::lines).filter_map(dead).collect() }
    }

    /// What it lacks that was there before, for people.
    pub fn lacks(&self, before: &Self) -> Option<String> {
        let (now, then) = (self.ports.as_ref()?, before.ports.as_ref()?);
        let mut gone: Vec<String> = then.difference(now).map(|(port, kind)| format!("port {port}{kind}")).collect();
        // Some have another name each time, so that their number counts.
        if self.sockets.len() < before.sockets.len() {
            gone.extend(before.sockets.difference(&self.sockets).cloned());
        }
        (!gone.is_empty()).then(|| format!("nothing listens on {}, where something did before", gone.join(", ")))
    }

    /// Whether a process has died of it that did not before.
    pub fn has_died_of(&self, before: &Self) -> bool {
        self.dead.difference(&before.dead).next().is_some()
    }
}

/// The port of a line of `/proc/net/tcp` or `/proc/net/udp`, if something waits there for whoever comes.
fn port(line: &str) -> Option<(u16, &'static str)> {
    let mut words = line.split_whitespace().skip(1);
    let (address, port) = words.next()?.rsplit_once(':')?;
    let remote = words.next()?.rsplit_once(':')?.1;
    let kind = match words.next()? {
        "0A" => "",
        // One of UDP that is connected has a port at the other end.
        "07" if remote == "0000" => "/udp",
        _ => return None,
    };
    (!address.starts_with(NAME_SERVER)).then_some((u16::from_str_radix(port, 16).ok()?, kind))
}

/// The name of a socket of a line of `/proc/net/unix`, if something waits there.
fn socket(line: &str) -> Option<&str> {
    const ACCEPTS: &str = "00010000";
    let words: Vec<&str> = line.split_whitespace().collect();
    words.get(7).copied().filter(|name| name.starts_with('/') && words[3] == ACCEPTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A web server on 80, one on IPv6 8080, a name server on 53/udp; what the kernel chose, the engine's own, and a connection.
    const SOCKETS: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:8C3D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0B00007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   3: 00000000:A000 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   4: 0200A8C0:0051 0300A8C0:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  12: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4 2 0 0
  13: 0200A8C0:0036 0300A8C0:0035 07 00000000:00000000 00:00000000 00000000     0        0 4 2 0 0";

    #[test]
    fn what_listens_no_more_is_lacking() {
        let all = Signs::read(Some(SOCKETS), None);
        let ports: Vec<(u16, &str)> = all.ports.iter().flatten().copied().collect();
        assert_eq!(ports, [(53, "/udp"), (80, ""), (8080, "")]);
        assert_eq!(all.lacks(&all), None);
        let less = Signs::read(Some(SOCKETS.split("  sl  local_address   ").next().unwrap_or_default()), None);
        assert_eq!(less.lacks(&all).as_deref(), Some("nothing listens on port 53/udp, port 8080, where something did before"));
        assert_eq!(all.lacks(&less), None, "more is not less");
        // Where nobody can be asked, nothing is known.
        assert_eq!((Signs::default().lacks(&all), all.lacks(&Signs::default())), (None, None));
    }

    #[test]
    fn sockets_count_by_their_number() {
        let with = |names: &[&str]| {
            let line = |name: &&str| format!("0000000000000000: 00000002 00000000 00010000 0001 01 2131 {name}\n");
            let connected = "0000000000000000: 00000003 00000000 00000000 0001 03 2140 /run/a.sock\n";
            Signs::read(Some(&format!("local_address\n{connected}{}", names.iter().map(line).collect::<String>())), None)
        };
        let before = with(&["/run/a.sock", "/tmp/x-1/s", "@abstract"]);
        assert_eq!(with(&["/run/a.sock", "/tmp/x-2/s"]).lacks(&before), None);
        assert_eq!(with(&["/tmp/x-1/s"]).lacks(&before).as_deref(), Some("nothing listens on /run/a.sock, where something did before"));
    }

    #[test]
    fn what_has_died_is_seen() {
        let before = Signs::read(None, Some("PID STAT COMMAND\n1 Ss runsvdir\n7 S runsv\n9 Z sh <defunct>"));
        let now = Signs::read(None, Some("PID STAT COMMAND\n1 Ss runsvdir\n7 Z runsv <defunct>"));
        assert!(now.has_died_of(&before) && !before.has_died_of(&before));
    }
}
