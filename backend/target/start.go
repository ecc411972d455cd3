package target

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target/shell"
)

// Start is what a machine does to have a service: lines of sh, and what is tried before. In the lines and checks these variables stand:
// root, Loci's folder there; and in the lines folder, the service's own below it; bind, the address to listen on; host, the machine's name
// for clients; port.
type Start struct {
	Title  string
	Files  map[string]string // that lie beside the lines, by their name
	Lines  string
	Checks []Check
	Cards  int  // graphics cards that it computes on
	Keyed  bool // it asks its clients for a key, which LOCI_ENGINE_KEY gives it
}

// Check is one thing that a machine must have. Script prints a fact, Judge says in words what it means, or what is wrong with it.
type Check struct {
	Name   string
	Script string
	Cards  bool // it is about graphics cards, which the login node of a cluster need not have
	Judge  func(where, fact string) (said string, err error)
}

// Start builds the one command line that starts the service, with adapters up to that rank.
func (l Launch) Start(rank int) (Start, error) {
	if err := l.Check(); err != nil {
		return Start{}, err
	}
	if l.Program == Engine {
		return l.startEngine(), nil
	}
	return l.startSkyRL(rank)
}

// path is the line that lets programs be found which a login without a terminal does not find.
func (l Launch) path() string {
	first := ""
	if l.Bin != "" {
		first = shell.Home(l.Bin) + ":"
	}
	return "PATH=" + first + `"$PATH:$HOME/.local/bin:$HOME/.cargo/bin"; export PATH` + "\n"
}

func (l Launch) startEngine() Start {
	models := ""
	if l.Model != "" {
		models = " --models " + shell.Home(l.Model)
	}
	s := Start{Title: l.Title(), Keyed: true}
	s.Lines = l.path() + `LOCI_HOME="$folder/home"; export LOCI_HOME` + "\n" +
		`loci engine serve --addr "$bind:$port" --host "$host" --folder "$folder/checkpoints" --hide-key` + models + "\n"
	s.Checks = []Check{{Name: "loci", Script: l.path() + `loci --version 2>/dev/null || echo missing`, Judge: func(where, fact string) (string, error) {
		if fact == "missing" || fact == "" {
			return "", lab.Errorf(lab.Invalid, "%s has no program loci", where).WithHint("copy this one there, for example to ~/.local/bin, or name its folder with --bin")
		}
		return fact, nil
	}}, l.diskCheck(engineRoom, engineRoom)}
	if l.Model != "" {
		s.Checks = append(s.Checks, l.modelCheck())
	}
	return s
}

// What must be free on a disk, in kilobytes: where the environment of Python is there already, and where it is still to be made.
const (
	engineRoom   = 256 << 10
	readyRoom    = 1 << 20
	jaxRoom      = 8 << 20 // 6.2 GB were seen for SkyRL 0.4.0, most of it libraries of CUDA that torch brings
	jaxCardRoom  = 16 << 20
	trainRoom    = 40 << 20
	leastDriver  = 580 // of NVIDIA, for CUDA 13
	pythonWanted = ">=3.12,<3.15"
)

func (l Launch) startSkyRL(rank int) (Start, error) {
	config, err := l.backendConfig(rank)
	if err != nil {
		return Start{}, err
	}
	s := Start{Title: l.Title(), Cards: l.Cards}
	words := []string{"uv run --project", `"$project"`}
	for _, extra := range l.extras() {
		words = append(words, "--extra", extra)
	}
	words = append(words, `-m skyrl.tinker.api --host "$bind" --port "$port" --base-model`, l.modelWord(), "--backend", l.Backend)
	if config != "" {
		words = append(words, "--backend-config", shell.Quote(config))
	}
	words = append(words, `--checkpoints-base "$folder/checkpoints" --database-url "sqlite:///$folder/tinker.db"`)
	lines := l.path() + l.project()
	if l.Checkout == "" {
		s.Files = map[string]string{projectFile: project()}
		lines += `mkdir -p "$project"; cmp -s ` + projectFile + ` "$project/` + projectFile + `" || cp ` + projectFile + ` "$project/` + projectFile + `"` + "\n"
	}
	if l.Cards == 0 {
		lines += "JAX_PLATFORMS=cpu; export JAX_PLATFORMS\n"
	}
	s.Lines = lines + strings.Join(words, " ") + "\n"
	s.Checks = l.skyRLChecks()
	return s, nil
}

// extras are the parts of SkyRL that the back end needs.
func (l Launch) extras() []string {
	if l.Backend == "jax" && l.Cards > 0 {
		return []string{"tinker", "jax", "gpu"}
	}
	return []string{"tinker", l.Backend}
}

// modelWord is the base model as a word of a script: a folder, or a name that SkyRL downloads.
func (l Launch) modelWord() string {
	if isPath(l.Model) {
		return shell.Home(l.Model)
	}
	return shell.Quote(l.Model)
}

// project sets the folder that `uv run` works in.
func (l Launch) project() string {
	if l.Checkout != "" {
		return "project=" + shell.Home(l.Checkout) + "\n"
	}
	return `project="$root/python/skyrl-` + SkyRLVersion + `"` + "\n"
}

const projectFile = "pyproject.toml"

// project is a project of uv whose extras are those of SkyRL's package: SkyRL starts its second process by the extras of its first. The package
// imports aiohttp and does not name it.
func project() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[project]\nname = \"loci-skyrl\"\nversion = \"0\"\nrequires-python = %q\ndependencies = [\"skyrl==%s\", \"aiohttp\"]\n\n[project.optional-dependencies]\n", pythonWanted, SkyRLVersion)
	for _, extra := range []string{"tinker", "jax", "gpu"} {
		fmt.Fprintf(&b, "%s = [\"skyrl[%s]==%s\"]\n", extra, extra, SkyRLVersion)
	}
	b.WriteString("\n[tool.uv]\npackage = false\n")
	return b.String()
}

func (l Launch) skyRLChecks() []Check {
	all := []Check{
		{Name: "uv", Script: l.path() + "uv --version 2>/dev/null || echo missing", Judge: judgeUV},
		{Name: "python", Script: l.path() + "uv python find --no-project " + shell.Quote(pythonWanted) + " 2>/dev/null || echo missing", Judge: judgePython},
	}
	if l.Checkout != "" {
		all = append(all, Check{Name: "checkout", Script: l.project() + `if [ -f "$project/skyrl/tinker/api.py" ]; then echo there; elif [ -d "$project" ]; then echo other; else echo missing; fi`, Judge: l.judgeCheckout})
	}
	room := jaxRoom
	switch {
	case l.Backend != "jax":
		room = trainRoom
	case l.Cards > 0:
		room = jaxCardRoom
	}
	all = append(all, l.diskCheck(room, readyRoom))
	if isPath(l.Model) {
		all = append(all, l.modelCheck())
	}
	if l.Cards > 0 {
		all = append(all, Check{Name: "graphics", Cards: true, Script: l.path() + "nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || echo none", Judge: l.judgeCards})
	}
	return all
}

func judgeUV(where, fact string) (string, error) {
	if fact == "missing" || fact == "" {
		return "", lab.Errorf(lab.Invalid, "%s has no uv, which starts SkyRL", where).WithHint("install it there (`pip install --user uv` is one way), or name its folder with --bin")
	}
	return fact, nil
}

func judgePython(where, fact string) (string, error) {
	if fact == "missing" || fact == "" {
		return "", lab.Errorf(lab.Invalid, "uv finds no Python %s on %s, which SkyRL wants", pythonWanted, where).WithHint("`uv python install 3.12` there brings one")
	}
	return fact, nil
}

func (l Launch) judgeCheckout(where, fact string) (string, error) {
	switch fact {
	case "there":
		return l.Checkout, nil
	case "other":
		return "", lab.Errorf(lab.Invalid, "folder %q on %s is no checkout of SkyRL: it has no skyrl/tinker/api.py", l.Checkout, where).WithHint("name the folder that holds pyproject.toml and skyrl/")
	}
	return "", lab.Errorf(lab.Invalid, "%s has no folder %q", where, l.Checkout).WithHint("clone SkyRL there, or leave --checkout out for the package")
}

// diskCheck wants so many kilobytes; less where the environment was made before.
func (l Launch) diskCheck(fresh, ready int) Check {
	made := "false"
	if l.Program == SkyRL {
		made = `[ -d "$project/.venv" ]`
	}
	script := l.project() + `mkdir -p "$root"; df -Pk "$root" | awk 'NR==2{print $4}'; ` + made + ` && echo made; true`
	return Check{Name: "disk", Script: script, Judge: func(where, fact string) (string, error) {
		words := strings.Fields(fact)
		if len(words) == 0 {
			return "how much is free is not known", nil
		}
		kb, err := strconv.Atoi(words[0])
		if err != nil {
			return "how much is free is not known", nil
		}
		want := fresh
		if len(words) > 1 {
			want = ready
		}
		if kb < want {
			return "", lab.Errorf(lab.Unavailable, "the disk of %s has %.1f GB free, and %s wants %.1f", where, gigabytes(kb), l.Title(), gigabytes(want)).
				WithHint("free space there, or set the target's folder on another disk")
		}
		return fmt.Sprintf("%.1f GB free", gigabytes(kb)), nil
	}}
}

func gigabytes(kb int) float64 { return float64(kb) / (1 << 20) }

// modelCheck looks at the folder of the base model. The engine also takes a folder with such folders below.
func (l Launch) modelCheck() Check {
	below := "false"
	if l.Program == Engine {
		below = `ls "$m"/*/config.json >/dev/null 2>&1`
	}
	script := "m=" + l.modelWord() + "\n" + `if [ ! -d "$m" ]; then echo missing; elif ` + below + `; then du -sk "$m" | cut -f1; elif [ ! -f "$m/config.json" ]; then echo config; elif ! ls "$m"/*.safetensors >/dev/null 2>&1 && ! ls "$m"/*.bin >/dev/null 2>&1; then echo weights; else du -sk "$m" | cut -f1; fi`
	return Check{Name: "base model", Script: script, Judge: func(where, fact string) (string, error) {
		wrong := func(format string, args ...any) error {
			return lab.Errorf(lab.Invalid, format, args...).WithHint("name the folder there that holds config.json, the weights and the tokenizer with --model")
		}
		switch fact {
		case "missing":
			return "", wrong("%s has no folder %q with a base model", where, l.Model)
		case "config":
			return "", wrong("folder %q on %s has no config.json: it is no model", l.Model, where)
		case "weights":
			return "", wrong("folder %q on %s has no weights (*.safetensors)", l.Model, where)
		}
		kb, err := strconv.Atoi(fact)
		if err != nil {
			return l.Model, nil
		}
		return fmt.Sprintf("%s, %.1f MB", l.Model, float64(kb)/1024), nil
	}}
}

// judgeCards reads nvidia-smi's lines: NAME, DRIVER, MEMORY.
func (l Launch) judgeCards(where, fact string) (string, error) {
	lines := strings.Split(strings.TrimSpace(fact), "\n")
	if fact == "" || strings.HasSuffix(fact, "none") {
		return "", lab.Errorf(lab.Invalid, "%s has no graphics card that NVIDIA's driver lists", where).
			WithHint("look what `nvidia-smi` says there; --backend jax --cards 0 computes on the processor")
	}
	if len(lines) < l.Cards {
		return "", lab.Errorf(lab.Invalid, "%s has %d graphics cards, and %d are asked for", where, len(lines), l.Cards).WithHint("say --cards %d", len(lines))
	}
	for _, line := range lines {
		parts := strings.Split(line, ",")
		if len(parts) < 2 {
			continue
		}
		version := strings.TrimSpace(parts[1])
		major, err := strconv.Atoi(strings.Split(version, ".")[0])
		if err == nil && major < leastDriver {
			return "", lab.Errorf(lab.Invalid, "the driver of the graphics cards of %s is %s, and SkyRL's CUDA 13 wants %d or newer", where, version, leastDriver).
				WithHint("ask its administrator for a newer driver, or take another machine")
		}
	}
	return strings.Join(lines, "; "), nil
}
