"""The command line: thin. It reads arguments, calls a room, prints what comes back.

Results go to standard output, talk to standard error. Exit codes: 0 done; 1 the thing asked for
did not hold; 2 bad usage or unreadable input; 3 a model is missing or damaged; 130 interrupted.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, NoReturn

import typer

from trainer import __version__
from trainer.errors import ContentInvalid, TrainerError, UnreadableInput

if TYPE_CHECKING:
    from trainer.calls.loading import EngineChoice, Loaded
    from trainer.engines.catalog import ModelCard
    from trainer.grading.judge import Judge
    from trainer.library import Persona
    from trainer.library.shelf import Casting, Shelf

app = typer.Typer(
    name="trainer",
    help="Earned Close: practise the sale that you never have to ask for.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
models_app = typer.Typer(
    help="The models: list, pull, verify, where.", no_args_is_help=False, rich_markup_mode=None
)
app.add_typer(models_app, name="models")
voices_app = typer.Typer(
    help="The prospects' voices: try one.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(voices_app, name="voices")

Library = Annotated[
    Path | None, typer.Option("--library", help="A folder with more personas/ and scenarios/.")
]
EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        help="Who words the prospect: transformers (in process), llama (a GGUF file, in process), "
        "openai (a server), authored (written lines only).",
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A model id of `trainer models`, of Hugging Face, a folder, or a .gguf file.",
    ),
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", help="Where an OpenAI-compatible server listens.")
]
PersonaId = Annotated[str | None, typer.Option("--persona", help="Cast this persona instead.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ModeName = Annotated[
    Literal["guided", "standard", "exam"],
    typer.Option("--mode", help="How much you see: the ladder, the mood, or nothing."),
]
Plain = Annotated[bool, typer.Option("--plain", help="Plain lines instead of the app.")]


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Open the app."""
    if version:
        typer.echo(f"trainer {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        _open_app(_shelf(None), _choice("transformers", None, None), None)


@app.command()
def practice(
    scenario: Annotated[str | None, typer.Argument(help="Scenario id or file.")] = None,
    persona: PersonaId = None,
    mode: ModeName = "guided",
    plain: Plain = False,
    seed: Annotated[int | None, typer.Option(help="Same seed, same prospect.")] = None,
    library: Library = None,
    engine: EngineName = "transformers",
    model: ModelName = None,
    base_url: BaseUrl = None,
) -> None:
    """Go straight to a call; without SCENARIO, to the first one for new hires."""
    from trainer.pathway import Mode

    shelf = _shelf(library)
    casting = shelf.cast(scenario or _first(shelf), persona)
    choice = _choice(engine, model, base_url)
    if not plain:
        from trainer.tui.app import Start

        _keep(shelf, casting)
        _open_app(shelf, choice, Start(casting.scenario.id, casting.persona.id, Mode(mode)))
        return
    from random import SystemRandom

    from trainer.calls.call import Call
    from trainer.calls.store import Store
    from trainer.terminal import practise

    store = Store.open()
    loaded = _load(choice)
    drawn = SystemRandom().randrange(2**31) if seed is None else seed
    call = Call.open(
        casting,
        mode=Mode(mode),
        seed=drawn,
        store=store,
        listener=loaded.listener,
        engine=loaded.engine,
    )
    practise(call, loaded)


@app.command()
def resume(
    call_id: Annotated[str | None, typer.Argument(metavar="CALL", help="Call id.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the calls to resume.")] = False,
    plain: Plain = False,
    library: Library = None,
    engine: EngineName = "transformers",
    model: ModelName = None,
    base_url: BaseUrl = None,
) -> None:
    """Go on with a call that was broken off; without CALL, the latest."""
    from trainer.calls.store import Store

    store = Store.open()
    waiting = store.unfinished()
    if list_:
        for one in waiting:
            typer.echo(f"{one.id}  {one.started:%Y-%m-%d %H:%M}  {one.prospect}  {one.title}")
        return
    if call_id is None:
        if not waiting:
            _fail(1, "no call to resume; `trainer practice` begins one")
        call_id = waiting[0].id
    state = store.state(call_id)
    if state.ended is not None:
        _fail(1, f"call {call_id} is over; its scorecard is in the app's history")
    choice = _choice(engine, model, base_url)
    if not plain:
        from trainer.tui.app import Start

        _open_app(_shelf(library), choice, Start(resume=call_id))
        return
    from trainer.calls.call import Call
    from trainer.terminal import practise

    loaded = _load(choice)
    call = Call.resume(call_id, store=store, listener=loaded.listener, engine=loaded.engine)
    practise(call, loaded)


@app.command()
def moves(
    file: Annotated[Path | None, typer.Argument(help="JSON lines; standard input without.")] = None,
    as_json: Json = False,
) -> None:
    """Tell the moves of rep turns: JSON lines in, JSON lines out, in the same order."""
    from trainer.calls.loading import load_listener
    from trainer.listening.labelling import label, read_requests
    from trainer.plaintext import clean

    requests = read_requests(_lines(file), source=str(file or "<stdin>"))
    listener = load_listener()
    for result in label(requests, listener):
        if as_json:
            typer.echo(json.dumps(result, ensure_ascii=False))
        else:
            typer.echo(f"{clean(str(result['id']))}: {', '.join(result['labels']) or '-'}")


@app.command()
def grade(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Transcripts, folders of them, patterns such as 'calls/**/*.vtt'; - for input.",
        ),
    ],
    scenario: Annotated[str | None, typer.Option(help="The scenario it was held in.")] = None,
    rubric: Annotated[str | None, typer.Option(help="Judge by this rubric.")] = None,
    rep_name: Annotated[str | None, typer.Option(help="Which speaker is the rep.")] = None,
    as_json: Json = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help="Processes that grade side by side. Without it one for up to 40 files, and for "
            "more as many as there are cores, 8 at most. The results are the same.",
        ),
    ] = None,
    library: Library = None,
    judge: Annotated[
        bool,
        typer.Option(
            "--judge",
            help="Put every check to a model as well and show where it differs; verdict and score "
            "stay as they are. Name a capable model: the bundled voice is too small to judge.",
        ),
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            help="Where the judge runs: transformers or llama (in process), or openai (a server "
            "that tells log-probabilities).",
        ),
    ] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
) -> None:
    """Grade transcripts, one or a hundred thousand; one that can't be read never stops the rest."""
    from trainer.calls.loading import load_listener
    from trainer.grading.batch import Failed, Terms, grade_all, jobs_for
    from trainer.plaintext import clean
    from trainer.reports.contract import as_json as to_json
    from trainer.reports.progress import Progress
    from trainer.reports.text import as_text
    from trainer.reports.troubles import Troubles
    from trainer.transcripts.gathering import gather

    shelf = _shelf(library)
    held = shelf.scenario(scenario) if scenario else None
    judged_by = shelf.rubric(rubric or (held.rubric if held else "authentic-persuasion"))
    second = _judge(engine, model, base_url, wanted=judge)
    files = list(gather(paths))
    terms = Terms(judged_by, load_listener, held, rep_name)
    outcomes = grade_all(files, terms, jobs=jobs or jobs_for(len(files)))
    troubles = Troubles(len(files))
    with closing(outcomes), Progress(len(files)) as progress:
        for outcome in outcomes:
            progress.advance(failed=isinstance(outcome, Failed))
            if isinstance(outcome, Failed):
                troubles.add(outcome.reason)
                progress.say(f"trainer: {outcome.reason}")
                continue
            card, heard = outcome.card, outcome.transcript
            for note in heard.notes:
                progress.say(f"{clean(outcome.file)}: {note}")
            opinion = second.opinion(heard, card, held) if second else None
            if as_json:
                row = to_json(card, outcome.file, transcript=heard, second=opinion)
                typer.echo(json.dumps(row, ensure_ascii=False))
            else:
                if len(files) > 1:
                    typer.echo(f"== {clean(outcome.file)}")
                typer.echo(as_text(card, details=True, second=opinion))
    if troubles.count:
        if len(files) > 1:
            typer.echo(troubles.summary, err=True)
        raise typer.Exit(2 if troubles.count == len(files) else 1)


@app.command()
def agreement(
    gold: Annotated[
        list[Path],
        typer.Argument(metavar="GOLD...", help="Labelled calls or turns: files or folders."),
    ],
    scenario: Annotated[str | None, typer.Option(help="The scenario the calls were in.")] = None,
    rubric: Annotated[str | None, typer.Option(help="Judge the calls by this rubric.")] = None,
    as_json: Json = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Draw the figures into this file as well.")
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=1, max=100_000, help="How often the conversations are resampled.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same intervals.")] = 0,
    library: Library = None,
) -> None:
    """Measure the listener and the grader against labelled calls and turns."""
    from trainer.agreement import contract, markdown, text
    from trainer.agreement.gold import read_gold
    from trainer.agreement.plot import write_svg
    from trainer.agreement.study import heads_mark, hear, measure
    from trainer.calls.loading import load_listener
    from trainer.reports.progress import Progress

    if as_json and as_markdown:
        raise UnreadableInput("--json and --markdown are two answers; choose one")
    shelf = _shelf(library)
    held = shelf.scenario(scenario) if scenario else None
    judged_by = shelf.rubric(rubric or (held.rubric if held else "authentic-persuasion"))
    material = read_gold(gold)
    if material.calls or material.turns:
        listener = load_listener()
        with Progress(len(material.calls) + len(material.turns)) as progress:
            heard = hear(material, listener, judged_by, held, progress.advance)
        found = measure(
            *heard,
            rubric=judged_by.id,
            listener=type(listener).__name__,
            heads=heads_mark(),
            resamples=resamples,
            seed=seed,
        )
        if as_json:
            typer.echo(json.dumps(contract.as_json(found), ensure_ascii=False, indent=2))
        else:
            form = markdown.as_markdown if as_markdown else text.as_text
            typer.echo(form(found), nl=False)
        if svg is not None:
            write_svg(found, svg)
            typer.echo(f"drawn into {svg}", err=True)
    for trouble in material.troubles:
        typer.echo(f"trainer: {_plain(trouble)}", err=True)
    if material.troubles:
        raise typer.Exit(1 if material.calls or material.turns else 2)


@app.command()
def simulate(
    scenario: Annotated[str, typer.Argument(help="Scenario id or file.")],
    rep: Annotated[
        str, typer.Option("--rep", help="What the rep says: text or YAML; - for input.")
    ],
    persona: PersonaId = None,
    seed: Annotated[int, typer.Option(help="Same seed, same call.")] = 0,
    as_json: Json = False,
    library: Library = None,
    engine: EngineName = "transformers",
    model: ModelName = None,
    base_url: BaseUrl = None,
) -> None:
    """Play a written rep against the prospect."""
    from trainer.calls.rehearsal import rehearse
    from trainer.plaintext import clean
    from trainer.reports.text import as_text
    from trainer.transcripts.readers import read_rep_script

    casting = _shelf(library).cast(scenario, persona)
    choice = _choice(engine, model, base_url)
    lines = read_rep_script(rep)
    loaded = _load(choice)
    played = rehearse(lines, casting, listener=loaded.listener, engine=loaded.engine, seed=seed)
    if failure := next((one.failure for one in played.state.sources if one.failure), None):
        typer.echo(f"trainer: written lines stood in for the model's: {clean(failure)}", err=True)
    if as_json:
        typer.echo(json.dumps(played.as_json(), ensure_ascii=False))
        return
    for row in played.as_json()["turns"]:
        who = "Rep" if row["speaker"] == "rep" else "Prospect"
        tag = ", ".join(row["labels"]) if row["speaker"] == "rep" else row["act"]
        typer.echo(f"{who}: {row['text']}  [{tag}]")
    typer.echo(f"\nOutcome: {played.outcome.value}. {played.outcome.meaning}\n")
    typer.echo(as_text(played.scorecard))


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH...]", help="Files or folders.")
    ] = None,
    library: Library = None,
) -> None:
    """Validate content; one finding a line. Without PATH, all there is."""
    from trainer.library.lint import check_paths

    if library is not None and not library.is_dir():
        raise UnreadableInput(
            "no such folder; --library wants one that holds personas/ or scenarios/", path=library
        )
    if paths and not any(path.exists() for path in paths):
        raise UnreadableInput("there is no such file or folder", path=str(paths[0]))
    findings = check_paths(paths or [], extra=library)
    for finding in findings:
        typer.echo(str(finding))
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


@app.command()
def bench(
    as_json: Json = False,
    turns: Annotated[int, typer.Option(help="Replies to measure.", min=5)] = 40,
) -> None:
    """Measure start-up, time to first word, reply time, grading speed and memory."""
    from trainer.benchmark import as_text as to_text
    from trainer.benchmark import measure

    figures = measure(turns, lambda what: typer.echo(what, err=True))
    typer.echo(json.dumps(figures, indent=2) if as_json else to_text(figures))


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List the models, where they come from and whether they are here."""
    if context.invoked_subcommand is None:
        models_list()


@models_app.command("list")
def models_list() -> None:
    """List the models and whether they are here."""
    from trainer.engines.catalog import Catalog

    catalog = Catalog.load()
    for card in catalog.cards:
        status = catalog.status(card.id)
        why = f" ({status.why})" if status.why else ""
        typer.echo(f"{card.id:<28} {card.use:<8} {_size(card):>8}  {status.state.value}{why}")


@models_app.command("pull")
def models_pull(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]")] = None,
) -> None:
    """Fetch models into the cache, with a progress bar, and verify them."""
    from trainer.engines.catalog import Catalog
    from trainer.engines.download import pull

    catalog = Catalog.load()
    cards = [catalog.card(one) for one in ids] if ids else [
        catalog.default("voice"), catalog.default("encoder")
    ]  # fmt: skip
    for card in cards:
        if catalog.is_whole(card.id):
            typer.echo(f"{card.id}: already here", err=True)
            continue
        for part in catalog.parts(card.id):
            with _bar(part.id) as tell:
                pull(part, tell)


@models_app.command("verify")
def models_verify(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]")] = None,
) -> None:
    """Check every file of the models against its checksum."""
    from trainer.engines.catalog import Catalog

    catalog = Catalog.load()
    wanted = ids or [catalog.default("voice").id, catalog.default("encoder").id]
    for one in wanted:
        folder = catalog.verify(one)
        typer.echo(f"{one}: whole, in {folder}")


@models_app.command("where")
def models_where(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]")] = None,
) -> None:
    """Print the folders of the models."""
    from trainer.engines.catalog import Catalog

    catalog = Catalog.load()
    wanted = [part for one in ids for part in catalog.parts(one)] if ids else catalog.cards
    for card in wanted:
        typer.echo(str(catalog.where(card.id)))


@voices_app.command("try")
def voices_try(
    persona: Annotated[str, typer.Argument(help="Persona id or file.")],
    scenario: Annotated[
        str | None,
        typer.Option(help="Hear it in this scenario; without, in the first that is its own."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same lines.")] = 0,
    as_json: Json = False,
    library: Library = None,
    engine: EngineName = "transformers",
    model: ModelName = None,
    base_url: BaseUrl = None,
) -> None:
    """Hear a persona before using it: one line for each act and mood, as each is found."""
    from trainer.audition import Audition
    from trainer.calls.loading import load_engine

    shelf = _shelf(library)
    cast = shelf.persona(persona)
    held = shelf.scenario(scenario or _first(shelf, cast))
    choice = _choice(engine, model, base_url)
    voice = load_engine(choice, _announcer())
    audition = Audition(cast, held, voice, seed)
    rows = (json.dumps(row, ensure_ascii=False) for row in audition.as_json())
    for line in rows if as_json else audition.as_text():
        typer.echo(line)


def _shelf(library: Path | None) -> Shelf:
    from trainer.library.shelf import Shelf

    return Shelf.load(library)


def _first(shelf: Shelf, persona: Persona | None = None) -> str:
    """The first scenario there is, one of the persona's own if it has any."""
    if not shelf.scenarios:
        raise UnreadableInput("no scenario can be read; `trainer check` says why")
    theirs = (one.id for one in shelf.scenarios.values() if persona and one.persona == persona.id)
    return next(theirs, next(iter(shelf.scenarios)))


def _keep(shelf: Shelf, casting: Casting) -> None:
    """Put a casting given as a file on the shelf, so that the app finds it by id."""
    shelf.scenarios[casting.scenario.id] = casting.scenario
    shelf.personas[casting.persona.id] = casting.persona


def _choice(engine: str, model: str | None, base_url: str | None) -> EngineChoice:
    from trainer.calls.loading import EngineChoice
    from trainer.engines.opening import check_choice

    check_choice(engine, model=model, base_url=base_url)  # now, not after the models have loaded
    return EngineChoice(engine, model, base_url)


def _judge(
    engine: str | None, model: str | None, base_url: str | None, *, wanted: bool
) -> Judge | None:
    """Who gives the second opinion, loaded now: a missing model is told before hours of work."""
    if not wanted:
        if engine or model or base_url:
            raise UnreadableInput("--engine, --model and --base-url go with --judge")
        return None
    if engine == "authored":
        raise UnreadableInput("--judge needs a model: --engine transformers, llama or openai")
    choice = _choice(engine or "transformers", model, base_url)
    from trainer.calls.loading import load_engine
    from trainer.grading.judge import Judge

    return Judge(load_engine(choice, _announcer()))


def _load(choice: EngineChoice) -> Loaded:
    from trainer.calls.loading import load

    return load(choice, _announcer())


def _open_app(shelf: Shelf, choice: EngineChoice, start: Any) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UnreadableInput(
            "the app needs a terminal; `trainer practice --plain` holds a call over plain lines"
        )
    from trainer.calls.loading import load, pull_models
    from trainer.calls.store import Store
    from trainer.tui.app import EarnedCloseApp

    EarnedCloseApp(
        shelf,
        Store.open(),
        lambda progress: load(choice, progress),
        start,
        fetch=pull_models if choice.kind == "transformers" and choice.model is None else None,
    ).run()


def _lines(file: Path | None) -> Iterator[str]:
    """The lines of a file or of standard input as they come. A file that can't be opened is told
    at once, before a model is loaded for it."""
    if file is None or str(file) == "-":
        return _decoded(sys.stdin.buffer, "<stdin>")
    try:
        return _decoded(file.open("rb"), str(file))
    except OSError as trouble:
        raise UnreadableInput(f"can't be read: {trouble.strerror}", path=file) from trouble


def _decoded(source: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    try:
        with source:
            for number, line in enumerate(source, start=1):
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except OSError as trouble:
        raise UnreadableInput(f"can't be read: {trouble.strerror}", path=name) from trouble
    except UnicodeDecodeError as trouble:
        raise UnreadableInput("is not UTF-8 text", path=name, line=number) from trouble


def _announcer() -> Callable[[str, float | None], None]:
    """Tells on standard error what is being loaded, each thing once."""
    told: list[str] = []

    def tell(doing: str, part: float | None) -> None:
        if doing not in told[-1:]:
            told.append(doing)
            typer.echo(f"… {doing}", err=True)

    return tell


def _size(card: ModelCard) -> str:
    return f"{card.size / 1e6:.0f} MB"


class _bar:  # noqa: N801 - reads as the statement it is used in
    """A progress bar on standard error for one download."""

    def __init__(self, title: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        self._title = title
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            console=Console(stderr=True),
        )

    def __enter__(self) -> Callable[[str, int, int | None], None]:
        self._progress.start()
        task = self._progress.add_task(self._title, total=None)

        def tell(what: str, done: int, total: int | None) -> None:
            self._progress.update(
                task, description=f"{self._title}: {what}", completed=done, total=total
            )

        return tell

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _fail(code: int, message: str) -> NoReturn:
    typer.echo(f"trainer: {message}", err=True)
    raise typer.Exit(code)


def _plain(error: TrainerError) -> str:
    """An error's lines with no control over the terminal, whatever a file name in it holds."""
    from trainer.plaintext import clean

    return "\n".join(clean(line) for line in str(error).splitlines())


def _fill_in_streams() -> None:
    """A stream that was closed before we began (`<&-`) is None: give it nothing to read or say."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _forget_output() -> None:
    """What is still waiting to be written goes nowhere, instead of failing again at the end."""
    if sys.__stdout__ is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the entry point of ``trainer``."""
    _fill_in_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no “ gets a question mark
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="trainer")
    except ContentInvalid as invalid:
        sys.stderr.write(f"{_plain(invalid)}\n")
        sys.exit(invalid.exit_code)
    except TrainerError as error:
        sys.stderr.write(f"trainer: {_plain(error)}\n")
        sys.exit(error.exit_code)
    except OSError as error:  # mostly a full disk behind `> file`
        _forget_output()
        where = error.filename if error.filename is not None else "output or input"
        trouble = UnreadableInput(error.strerror or str(error), path=str(where))
        sys.stderr.write(f"trainer: {_plain(trouble)}\n")
        sys.exit(trouble.exit_code)
    except SystemExit as left:
        # Typer turns these two into exits of its own before they get here.
        if isinstance(left.__context__, BrokenPipeError):
            # Whoever read our output has gone; nothing is left to say.
            _forget_output()
            sys.exit(0)
        if left.code == 130:
            sys.stderr.write("\ntrainer: interrupted; a call under way is kept, `trainer resume`\n")
        raise
