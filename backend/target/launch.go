package target

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Programs that can be started as a training service.
const (
	SkyRL  = "skyrl"
	Engine = "loci" // this program's own: `loci engine serve`
)

// HereName is the machine that is this computer.
const HereName = "here"

// Launch is how Loci starts a service on a machine. Its fields are those of LaunchFields.
type Launch struct {
	Program  string // SkyRL or Engine
	On       string // the machine: HereName, or the name of a target
	Model    string // folder of the base model there, in the usual layout of Hugging Face; of SkyRL also a model's name there
	Backend  string // of SkyRL: jax, fsdp or megatron
	Cards    int    // graphics cards; 0 computes on the processor, which of SkyRL only jax can
	Checkout string // folder of a checkout of SkyRL there; "" takes the package of SkyRLVersion
	Config   string // more of SkyRL's --backend-config, as JSON
	Bin      string // folder there that has uv, or loci; "" looks in PATH, ~/.local/bin and ~/.cargo/bin
	Started  string // name of its folder there since it was started; "" where nothing of it is there
}

// SkyRLVersion is the release of SkyRL that is taken where no checkout is named.
const SkyRLVersion = "0.4.0"

func backends() []string { return []string{"jax", "fsdp", "megatron"} }

// Programs lists what can be started.
func Programs() []string { return []string{SkyRL, Engine} }

var startedName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,80}$`)

// LaunchFields lists what a person can say of a service that Loci starts.
func LaunchFields() []Blank {
	return []Blank{
		{Name: "program", Title: "Program", Type: "choice", Wanted: true, Default: SkyRL, Choices: Programs(), Doc: "skyrl for graphics cards, or loci: this program's own engine, which computes on processors."},
		{Name: "on", Title: "Machine", Type: "machine", Wanted: true, Default: HereName, Doc: "here, or the name of a target that is a computer or a cluster."},
		{Name: "model-folder", Title: "Folder of the base model", Type: "text", Doc: "There: config.json, weights and tokenizer. SkyRL needs one, or the name of a model that it can download; loci lends out what lies in it."},
		{Name: "backend", Title: "Back end of SkyRL", Type: "choice", Default: "jax", Choices: backends(), Doc: "jax trains adapters, also without a card; fsdp and megatron train all weights too and want a checkout."},
		{Name: "cards", Title: "Graphics cards", Type: "whole", Default: "1", Max: 64, Doc: "0 computes on the processor (loci, or SkyRL with jax)."},
		{Name: "checkout", Title: "Checkout of SkyRL", Type: "text", Doc: "Folder there; empty takes the package skyrl " + SkyRLVersion + ", which has jax alone."},
		{Name: "config", Title: "More for --backend-config", Type: "text", Doc: "A JSON object; what Loci sets itself is replaced by what stands here."},
		{Name: "bin", Title: "Folder of uv or loci", Type: "text", Doc: "There; empty looks in PATH, ~/.local/bin and ~/.cargo/bin."},
	}
}

// Check returns nil for a launch that can be tried, and else an Invalid error on the first field that is wrong.
func (l Launch) Check() error {
	wrong := func(field, value, want string) *lab.Error {
		return lab.Errorf(lab.Invalid, "%s is %.120q, want %s", field, value, want)
	}
	if !slices.Contains(Programs(), l.Program) {
		return wrong("program", l.Program, "one of "+strings.Join(Programs(), ", ")).WithHint("skyrl runs on graphics cards, loci is this program's own engine")
	}
	if !targetName.MatchString(l.On) {
		return wrong("on", l.On, "here or the name of a target").WithHint("`loci target list` lists the targets")
	}
	for _, f := range [][2]string{{"checkout", l.Checkout}, {"bin", l.Bin}} {
		if f[1] != "" && !isPath(f[1]) {
			return wrong(f[0], f[1], "a path that begins with / or ~/").WithHint("write the folder as it is called there")
		}
	}
	if len(l.Model) > 1000 || strings.ContainsFunc(l.Model, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return wrong("model-folder", l.Model, "a path on one line").WithHint("write the folder as it is called there")
	}
	if l.Started != "" && !startedName.MatchString(l.Started) {
		return wrong("started", l.Started, "a name of a-z 0-9 -").WithHint("remove that line")
	}
	if l.Program == Engine {
		return l.checkEngine()
	}
	return l.checkSkyRL()
}

func (l Launch) checkEngine() error {
	if l.Model != "" && !isPath(l.Model) {
		return lab.Errorf(lab.Invalid, "model-folder is %.120q, want a path that begins with / or ~/", l.Model).WithHint("write the folder as it is called there, or leave it out for the model of random weights")
	}
	if l.Cards > 0 || l.Backend != "" || l.Checkout != "" || l.Config != "" {
		return lab.Errorf(lab.Invalid, "program loci computes on processors and takes no cards, back end, checkout or configuration").WithHint("leave these out, or take --program skyrl")
	}
	return nil
}

func (l Launch) checkSkyRL() error {
	switch {
	case l.Model == "":
		return lab.Errorf(lab.Invalid, "SkyRL wants a base model, and none is named").WithHint("name the folder there that holds config.json and the weights with --model")
	case !slices.Contains(backends(), l.Backend):
		return lab.Errorf(lab.Invalid, "backend is %.40q, want one of %q", l.Backend, backends()).WithHint("jax is the one that the package alone can run")
	case l.Cards < 0 || l.Cards > 64:
		return lab.Errorf(lab.Invalid, "cards is %d, want 0 to 64", l.Cards).WithHint("1 is usual")
	case l.Cards == 0 && l.Backend != "jax":
		return lab.Errorf(lab.Invalid, "back end %s of SkyRL wants a graphics card, and cards is 0", l.Backend).WithHint("take --backend jax, which also computes on the processor, or --cards 1")
	case l.Backend != "jax" && l.Checkout == "":
		return lab.Errorf(lab.Invalid, "back end %s of SkyRL wants a checkout of its repository: what it is built from is no package", l.Backend).
			WithHint("clone SkyRL there and name the folder with --checkout, or take --backend jax")
	}
	_, err := l.backendConfig(UsualRank)
	return err
}

func isPath(path string) bool {
	return (strings.HasPrefix(path, "/") || strings.HasPrefix(path, "~/")) && len(path) < 1000 && !strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// backendConfig is SkyRL's --backend-config: what follows from the fields, and over it what the person wrote.
func (l Launch) backendConfig(rank int) (string, error) {
	c := map[string]any{}
	if l.Backend == "jax" {
		c["max_lora_adapters"], c["max_lora_rank"] = 4, max(rank, 8)
		if l.Cards > 1 {
			c["tensor_parallel_size"] = l.Cards
		}
	} else if l.Cards > 1 {
		c["trainer.placement.policy_num_gpus_per_node"] = l.Cards
		c["generator.inference_engine.num_engines"] = l.Cards
		c["generator.inference_engine.tensor_parallel_size"] = 1
	}
	if l.Config != "" {
		var more map[string]any
		if err := json.Unmarshal([]byte(l.Config), &more); err != nil {
			return "", lab.Errorf(lab.Invalid, "config is %.120q, want a JSON object", l.Config).WithHint(`write {"max_lora_rank": 64}, or leave it out`)
		}
		maps.Copy(c, more)
	}
	if len(c) == 0 {
		return "", nil
	}
	text, err := json.Marshal(c)
	return string(text), err
}

// BaseModel is the name under which the service knows the model.
func (l Launch) BaseModel() string {
	if l.Program == Engine {
		return l.Model[strings.LastIndex(strings.TrimRight(l.Model, "/"), "/")+1:]
	}
	return l.Model
}

// Profile is that of the services that it starts.
func (l Launch) Profile() string {
	if l.Program == Engine {
		return "loci"
	}
	return "skyrl-" + l.Backend
}

// Title is the program in words.
func (l Launch) Title() string {
	if l.Program == Engine {
		return "Loci's engine"
	}
	if l.Checkout != "" {
		return "SkyRL of " + l.Checkout
	}
	return "SkyRL " + SkyRLVersion
}

// texts are the fields that are text, by their names in a form.
func (l *Launch) texts() map[string]*string {
	return map[string]*string{"program": &l.Program, "on": &l.On, "model-folder": &l.Model, "backend": &l.Backend, "checkout": &l.Checkout, "config": &l.Config, "bin": &l.Bin}
}

// values writes a launch as the fields of a form.
func (l Launch) values() map[string]string {
	out := map[string]string{"cards": strconv.Itoa(l.Cards)}
	for name, at := range l.texts() {
		out[name] = *at
	}
	return out
}

// set takes one field; false where there is none of that name. Numbers that are none are an error.
func (l *Launch) set(field, value string) (known bool, err error) {
	if at, ok := l.texts()[field]; ok {
		*at = value
		return true, nil
	}
	switch field {
	case "started": // of its record, and of no form
		l.Started = value
	case "cards":
		if l.Cards, err = strconv.Atoi(value); err != nil {
			return true, lab.Errorf(lab.Invalid, "cards is %.40q, want a whole number from 0 to 64", value).WithHint("1 is usual, 0 is the processor")
		}
	default:
		return false, nil
	}
	return true, nil
}
