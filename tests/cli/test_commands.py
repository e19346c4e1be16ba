"""The command line as a whole: help, README, one line for every mistake, exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from emocam import __version__
from emocam.cli import main
from emocam.cli.commands import load_commands
from emocam.recognition.model_file import load_model_file
from tests.conftest import SAMPLES, write_dataset, zip_folder
from tests.docs.pages import PAGES, command_lines

COMMANDS = sorted(load_commands())


def run(capsys, *arguments) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    written = capsys.readouterr()
    return int(ended.value.code or 0), written.out, written.err


CLIP, PHOTO = SAMPLES / "webcam.mp4", SAMPLES / "photos" / "obama.jpg"


def fails_with_one_line(result, code: int, *words: str) -> None:
    assert result[0] == code, result
    lines = result[2].splitlines()
    assert len(lines) == 1, result
    assert lines[0].startswith("emocam: ")
    for word in words:
        assert word in lines[0]


def test_every_command_has_help_without_loading_the_heavy_parts():
    code = (
        "import sys\n"
        "for name in ('cv2', 'sklearn', 'matplotlib', 'scipy', 'av'): sys.modules[name] = None\n"
        "from emocam.cli import main\n"
        "for command in sys.argv[1:]:\n"
        "    try: main([command, '--help'])\n"
        "    except SystemExit as end: assert not end.code, (command, end.code)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *COMMANDS], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    for command in COMMANDS:
        assert f"emocam {command}" in result.stdout


def test_no_option_takes_nan_for_a_number(capsys):
    numbers = [
        (command, option.opts[0])
        for command, loaded in load_commands().items()
        for option in loaded.params
        if option.type.name.startswith("float")
    ]
    assert ("label", "--certainty") in numbers
    for command, option in numbers:
        code, _, said = run(capsys, command, option, "nan", "nothing")
        assert code == 2
        assert option in said
        assert "'nan' is not a number" in said


def test_a_table_alone_imports_nothing_that_draws(tmp_path):
    code = (
        "import sys\n"
        "from emocam.cli import main\n"
        "try: main(['video', *sys.argv[1:]])\n"
        "except SystemExit as end: assert not end.code\n"
        "assert 'emocam.video.pipeline' in sys.modules\n"
        "assert not {'PIL', 'emocam.render.overlay', 'jinja2'} & set(sys.modules)\n"
    )
    arguments = [SAMPLES / "webcam.mp4", "--end", "0.2", "-o", tmp_path / "webcam.csv"]
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_list_of_commands_imports_none_of_them():
    code = (
        "import sys\n"
        "from emocam.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "loaded = [f'emocam.cli.{name}' for name in sys.argv[1:]] + ['numpy', 'rich', 'pydantic']\n"
        "assert not [name for name in loaded if name in sys.modules]\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *COMMANDS], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert set(COMMANDS) <= set(result.stdout.split())
    assert "..." not in result.stdout.partition("Commands:")[2]  # no line was cut


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_documentation(command):
    lines = [line for page in PAGES for line in command_lines(page)]
    assert any(line.startswith(f"emocam {command}") for line in lines)


def test_version(capsys):
    assert run(capsys, "--version") == (0, f"emocam {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["video", "0"], ["emocam live 0"]),
        (["video", "https://a.b/c.mp4"], ["emocam live https://a.b/c.mp4"]),
        (["video", PHOTO], ["emocam label", "emocam explain"]),
        (["study", CLIP], ["emocam video"]),
        (["label", CLIP], ["emocam video"]),
        (["label", "0"], ["emocam live 0"]),
        (["explain", CLIP], ["emocam video"]),
        (["evaluate", SAMPLES / "photos"], ["no pictures in folders named after labels"]),
        (["live", "http://127.0.0.1:9/", "--fps", "5"], ["--camera-size and --fps", "cameras"]),
        (["live", CLIP, "--realtime", "--camera-size", "64x48"], ["--camera-size and --fps"]),
    ],
)
def test_what_is_for_another_command_is_nothing_to_do_and_says_which(
    capsys, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    fails_with_one_line(run(capsys, *arguments), 2, *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], ["No such command"]),
        (["train"], ["DATASET", "emocam train --help"]),
        (["evaluate", "x", "--bogus"], ["--bogus", "emocam evaluate --help"]),
        (["label", "x", "--certainty", "7"], ["--certainty"]),
        (["evaluate", "x", "--part", "half"], ["half"]),
        (["evaluate", "nowhere.zip"], ["nowhere.zip"]),
        (["evaluate", "nowhere.zip", "--model", "nope"], ["no model 'nope'"]),
        (["label", "nowhere"], ["nowhere"]),
        (["train", "nowhere"], ["nowhere", "zip, a folder or fer2013.csv"]),
        (["dataset", "x", "--figure", "f.pdf"], ["a figure ends in .png", "f.pdf", "try f.png"]),
        (["evaluate", "x", "--report", "r.pdf"], ["a page ends in .html or .htm", "r.pdf"]),
        (["explain", "x", "-o", "x.jpg"], ["a figure ends in .png", "x.jpg"]),
        (["label", "x", "--gallery", "g.png"], ["a page ends in .html", "g.png"]),
        (["label", "x", "--copies"], ["--copies needs --sort-into"]),
        (["study", "x", "--from-tables", "--films"], ["--films", "--from-tables"]),
        (["live", "0", "--no-window", "--profile", "no.json"], ["emocam teach -o no.json"]),
        (["live", "0", "--browser", "--profile", "no.json"], ["emocam teach -o no.json"]),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_exit_code_2(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    fails_with_one_line(run(capsys, *arguments), 2, *words)


@pytest.fixture
def trained(capsys, three_labels, tmp_path):
    """Path of a model of the made-up faces."""
    model = tmp_path / "model.safetensors"
    code, out, err = run(
        capsys, "train", three_labels, "--recipe", "pixels", "--size", 16, "-o", model
    )
    assert (code, err) == (0, "")
    assert "before: glad 8, grim 8, odd 8" in out
    return model


def test_train_then_evaluate(capsys, three_labels, trained, tmp_path):
    figure = tmp_path / "confusion.png"
    code, out, err = run(
        capsys, "evaluate", three_labels, "--model", trained, "--json", "--figure", figure
    )
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["n"] == 24
    assert found["accuracy"] == 1.0
    assert found["labels"] == ["glad", "grim", "odd"]
    assert found["confusion"] == [[8, 0, 0], [0, 8, 0], [0, 0, 8]]
    assert {"balanced_accuracy", "macro_f1", "weighted_precision", "weighted_recall"} <= set(found)
    assert {"ece", "seconds_per_face"} <= set(found)
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_counts_stand_apart_however_short_the_labels(capsys, tmp_path):
    data, model = tmp_path / "set", tmp_path / "model.safetensors"
    write_dataset(data, ("a", "b"), 12)
    assert run(capsys, "train", data, "--recipe", "pixels", "--size", 16, "-o", model)[0] == 0
    _, out, _ = run(capsys, "evaluate", data, "--model", model)
    counts = [line.split()[1:] for line in out.splitlines()[-2:]]
    assert [(len(row), sum(map(int, row))) for row in counts] == [(2, 12), (2, 12)]


@pytest.fixture
def votes(three_labels, tmp_path):
    """Ten people's votes for the made-up faces: one in ten pictures is `unknown` to most."""
    path = tmp_path / "votes.csv"
    rows = ["Usage,Image name,odd,grim,glad,unknown"]
    for file in sorted(three_labels.rglob("*.png")):
        name = file.relative_to(three_labels).as_posix()
        counts = [7 * (file.parent.name == label) + 1 for label in ("odd", "grim", "glad")]
        rows.append(",".join(map(str, ["all", name, *counts, 9 if file.stem == "7" else 0])))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_train_on_votes(capsys, three_labels, votes, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = tmp_path / "voted.safetensors"
    learn = ["train", three_labels, "--size", 24, "-o", model]
    code, out, err = run(capsys, *learn, "--votes", votes, "--votes-share", 0.8)
    assert code == 0, err
    assert "votes:  24 of 24 pictures; 0 without keep their label" in out
    assert "no label is called unknown: left out" in err
    assert "no counts in Usage: left out" in err
    chosen = load_model_file(model).card["training"]["choices"]
    assert (chosen["ridge_share"], chosen["calibration_share"]) == (0.8, 0.8)
    assert load_model_file(model).card["figures"]["votes"]["n"] == 21
    assert "by people's votes" in out
    code, out, _ = run(capsys, "evaluate", three_labels, "--model", model, "--json")
    assert json.loads(out)["accuracy"] > 0.9
    again = [*learn, "--force"]
    fails_with_one_line(run(capsys, *again, "--votes-share", 0.5), 2, "needs --votes")
    fails_with_one_line(run(capsys, *again, "--votes", "none.csv"), 2, "none.csv")
    fails_with_one_line(run(capsys, *again, "--votes", votes, "--recipe", "pixels"), 2, "labels")


def test_evaluate_on_votes(capsys, three_labels, votes, trained, tmp_path):
    judge = ["evaluate", three_labels, "--model", trained, "--votes", votes]
    figure, page = tmp_path / "x.png", tmp_path / "x.html"
    code, out, err = run(capsys, *judge, "--json", "--figure", figure, "--report", page)
    assert code == 0
    assert "no label is called unknown: left out" in err
    found = json.loads(out)
    assert found["accuracy"] == 1.0
    voted = found["votes"]
    assert (voted["n"], voted["left_out"]) == (21, 3)
    assert voted["accuracy"] == voted["balanced_accuracy"] == voted["label_accuracy"] == 1.0
    assert voted["by_agreement"] == [
        {"agreement": 0.8, "n": 21, "accuracy": 1.0, "label_accuracy": 1.0}
    ]
    assert voted["unanimous"] == 0.0
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert "By the label and by people" in page.read_text(encoding="utf-8")
    code, out, _ = run(capsys, *judge)
    assert code == 0
    assert re.search(r"^faces +24 +21$", out, re.MULTILINE)
    assert re.search(r"^accuracy +100\.0 % +100\.0 %$", out, re.MULTILINE)
    wrong = [*judge[:-1], three_labels / "train/odd/0.png"]
    fails_with_one_line(run(capsys, *wrong), 1, "not a table of text")


@pytest.mark.parametrize(("part", "n"), [("train", 24), ("test", 24), ("all", 48)])
def test_part_chooses(capsys, three_labels, trained, part, n):
    code, out, _ = run(capsys, "evaluate", three_labels, "--model", trained, "--part", part)
    assert code == 0
    assert re.search(rf"^n +{n}$", out, re.MULTILINE)


def test_a_set_without_parts_and_with_fewer_labels(capsys, trained, tmp_path):
    folder = write_dataset(tmp_path / "two", ("glad", "grim"), 5)
    packed = zip_folder(folder, tmp_path / "two.zip")
    code, out, _ = run(capsys, "evaluate", packed, "--model", trained, "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["n"], found["labels"]) == (10, ["glad", "grim"])


def test_unreadable_pictures_are_named_up_to_ten_and_counted(capsys, three_labels, trained):
    for file in sorted((three_labels / "test").rglob("*.png"))[:12]:
        file.write_bytes(b"")
    code, out, err = run(capsys, "evaluate", three_labels, "--model", trained, "--json")
    assert code == 0
    assert json.loads(out)["n"] == 12
    lines = err.splitlines()
    assert len(lines) == 11
    assert lines[0] == "emocam: left out test/glad/0.png: the file is empty"
    assert lines[-1] == "emocam: 12 left out, 10 of them named above"


def test_results_are_not_overwritten_unless_forced(capsys, three_labels, trained):
    before = trained.read_bytes()
    again = ["train", three_labels, "--recipe", "pixels", "--size", 16, "-o", trained]
    fails_with_one_line(run(capsys, *again), 2, str(trained), "--force")
    assert trained.read_bytes() == before
    figure = trained.with_name("confusion.png")
    figure.write_text("mine")
    measure = ["evaluate", three_labels, "--model", trained, "--figure", figure]
    fails_with_one_line(run(capsys, *measure), 2, "--force")
    assert figure.read_text() == "mine"
    assert run(capsys, *again, "--force")[0] == 0
    assert run(capsys, *measure, "--force")[0] == 0
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_bad_input_is_one_line_and_exit_code_1(capsys, three_labels, tmp_path):
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"\xff" * 100)
    fails_with_one_line(
        run(capsys, "evaluate", three_labels, "--model", damaged), 1, "damaged.safetensors"
    )
    (tmp_path / "note.txt").write_text("x")
    fails_with_one_line(run(capsys, "train", tmp_path / "note.txt"), 1, "note.txt")


def test_debug_shows_where_an_error_comes_from(tmp_path):
    command = [sys.executable, "-m", "emocam", "label", str(tmp_path / "nowhere")]
    plain = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in plain.stderr
    debug = subprocess.run([*command, "--debug"], capture_output=True, text=True, check=False)
    assert "Traceback" in debug.stderr


def test_the_studys_class_counts_before_and_after(capsys, three_labels, tmp_path):
    for file in sorted((three_labels / "train/odd").iterdir())[:3]:
        file.unlink()
    model = tmp_path / "m.safetensors"
    arguments = ["train", three_labels, "--recipe", "pixels", "-o", model, "--force"]
    _, out, _ = run(capsys, *arguments)
    assert "before: glad 8, grim 8, odd 5\nafter:  glad 5, grim 5, odd 5\n" in out
    _, out, _ = run(capsys, *arguments, "--per-class", 2)
    assert "after:  glad 2, grim 2, odd 2\n" in out
    _, out, _ = run(capsys, *arguments, "--balance", "none")
    assert "after:  glad 8, grim 8, odd 5\n" in out
    fails_with_one_line(run(capsys, *arguments, "--per-class", 6), 2, "'odd' has (5 pictures)")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_a_word_for_each_value_not_a_type(command):
    for one in load_commands()[command].params:
        is_choice = hasattr(one.type, "choices")
        assert one.metavar or is_choice or getattr(one, "is_flag", False), one.opts


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["label", "x", "--certainty", "0,5"], "'0,5' is not a number ("),
        (["label", "x", "--jobs", "1.5"], "'1.5' is not a number ("),
        (["train", "x", "--seed", "a"], "'a' is not a number ("),
        (["train", "x", "--seed", "-1"], "-1 is not in the range"),
    ],
)
def test_what_is_no_number_is_called_that(capsys, arguments, said):
    fails_with_one_line(run(capsys, *arguments), 2, said)


def test_a_photo_given_as_a_profile_is_not_to_be_overwritten(capsys):
    result = run(capsys, "label", PHOTO, "--profile", PHOTO, "-o", "never.csv")
    fails_with_one_line(result, 1, "is not a profile", "it holds no JSON", "me.json")
    assert "--force" not in result[2]
