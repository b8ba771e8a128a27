use super::*;
use std::num::NonZeroUsize;

#[test]
fn probe() {
    let files = [
        "[pool]\nworker = 4\n",
        "[pool]\nworkers = 0\nmax_tasks_per_worker = -1\n\n[fetch]\ntimeout = 5\n",
        "workers = 4\n",
        "[pol]\nworkers = 4\n",
        "[politeness]\nrobots = false\n",
        "pool = 4\n",
        "[pool]\nworkers = 4\nworkers = 5\n[fetch\ntimeout = \"5s\n",
        "[pool\nworkers = 4\n",
        "[pool]\nworkers = four\n",
        "[fetch]\nmax_body = \"16 X\"\nheaders = { Accept = 1, \"User-Agent\" = \"x\", Foo = \"a\\nb\" }\n",
        "[fetch]\nheaders = 4\n",
        "[extract]\ntitle = \"h1::txt\"\nlinks = [\"a::url\", \"b::url\"]\nx = { }\ny = { selector = \"a\" }\n[extract.quotes]\neach = \"div::text\"\ntags = [\"a.tag::txt\"]\n",
        "[extract]\na = { css = \"a\", type = \"int\" }\nb = { css = \"b\", requird = true }\nc = { css = [\"c\"], default = \"x\" }\nd = { css = \"d\", required = true, default = \"\" }\ne = { css = \"e\", type = \"number\", default = \"0\" }\nf = { css = \"f\", re = \"(a\" }\ng = 4\neach = \"div\"\n",
        "[[extract.quotes]]\neach = \"div\"\n",
        "[extract.quotes]\neach = \"div\"\n",
        "[extract]\nq = { each = \"div\", css = \"p\" }\n",
        "[extract]\ntitle = \"h\\u0031::txt\"\n",
        "[extract]\ntitle = \"div[\"\n",
        "[pool]\nmax_tasks_per_worker = 5\nquota_jitter = 5\n",
        "[output]\nformat = \"csv\"\norder = \"Input\"\n",
        "\u{feff}[pool]\nworkers = 'x'\n",
        "extract.title = [1]\n",
        "[pool]\nworkers = 1\n\n\n[pool]\nconcurrency = 2\n",
        "a = 1\nb = = 3\nc = \n",
    ];
    for file in files {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::write(dir.path().join("gleaner.toml"), file).expect("w");
        let sources = Sources { config: None, folder: dir.path().into(), environment: vec![], flags: vec![], cpus: NonZeroUsize::MIN };
        println!("=======\n{file}-------");
        match load(&sources) { Ok(_) => println!("OK"), Err(e) => println!("{e}") }
    }
    for (env, flags) in [
        (vec![("GLEANER_POOL_WORKER", "4")], vec![]),
        (vec![("GLEANER_POOL_WORKERS", "x"), ("GLEANER_FETCH_HEADERS", "{ a = 1"), ("GLEANER_LOG", "x"), ("GLEANER_EXTRACT_TITLE", "h1::txt")], vec![Flag::new("--workers","pool.workers","0"), Flag::set("pool.workers"), Flag::set("pool.tsk=1"), Flag::set("extract.a={ css = 'a::txt' }"), Flag::set("extract.t=[\"a::txt\"]"), Flag::header("-H", "foo"), Flag::header("-H","a b: c"), Flag::set("extract.ü=h1"), Flag::set("pool..x=1"), Flag::set("=1"), Flag::set("pool.workers=")]),
    ] {
        let dir = tempfile::tempdir().expect("dir");
        let sources = Sources { config: None, folder: dir.path().into(), environment: env.into_iter().map(|(a,b)|(a.into(),b.into())).collect(), flags, cpus: NonZeroUsize::MIN };
        match load(&sources) { Ok(_) => println!("OK"), Err(e) => println!("{e}") }
    }
    let dir = tempfile::tempdir().expect("dir");
    let sources = Sources { config: Some("nope.toml".into()), folder: dir.path().into(), environment: vec![], flags:vec![], cpus: NonZeroUsize::MIN };
    match load(&sources) { Ok(_) => println!("OK"), Err(e) => println!("{e}") }
}
