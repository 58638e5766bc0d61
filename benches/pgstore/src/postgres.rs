//! A PostgreSQL server of one's own, for as long as it is needed.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const START_MAX: Duration = Duration::from_secs(30);
/// What differs from PostgreSQL's own settings. Durability is as it comes: `fsync` and `synchronous_commit` are on.
pub const SETTINGS: [&str; 5] =
    ["listen_addresses=", "max_connections=100", "shared_buffers=512MB", "max_wal_size=4GB", "synchronous_commit=on"];

/// The running server; stopped when dropped.
pub struct Server {
    postmaster: Child,
    socket: PathBuf,
}

impl Server {
    /// Makes a database in `folder` and starts its server, reachable only through a socket in that folder.
    ///
    /// # Errors
    /// What is missing, or what the server's programs said.
    pub fn start(folder: &Path) -> Result<Self, String> {
        let programs = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success());
        let programs = programs.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        let Some(programs) = programs.filter(|folder| folder.join("initdb").exists()) else {
            return Err("PostgreSQL is missing: apt-get install postgresql postgresql-common libpq-dev libssl-dev pkg-config".to_owned());
        };
        let said = |error: io::Error| error.to_string();
        let (data, socket) = (folder.join("data"), folder.to_path_buf());
        if is_root()? {
            // PostgreSQL does not run as root.
            run(Command::new("chown").arg("postgres:").arg(folder))?;
        }
        run(as_postgres(&programs.join("initdb"))?.arg("-D").arg(&data).args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]))?;
        let mut server = as_postgres(&programs.join("postgres"))?;
        server.arg("-D").arg(&data).arg("-k").arg(&socket);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        let postmaster = server.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(said)?;
        let server = Self { postmaster, socket };
        let begin = Instant::now();
        let ready = || Command::new(programs.join("pg_isready")).arg("-q").arg("-h").arg(&server.socket).status();
        while !ready().map_err(said)?.success() {
            if begin.elapsed() > START_MAX {
                return Err("PostgreSQL did not start".to_owned());
            }
            sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown.
        let _ = Command::new("kill").args(["-INT", &self.postmaster.id().to_string()]).status();
        let _ = self.postmaster.wait();
    }
}

fn is_root() -> Result<bool, String> {
    let id = Command::new("id").arg("-u").output().map_err(|error| error.to_string())?;
    Ok(id.stdout.trim_ascii() == b"0")
}

/// The program as the user it may run as.
fn as_postgres(program: &Path) -> Result<Command, String> {
    if !is_root()? {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    Ok(command)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))) }
}
