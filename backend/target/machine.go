package target

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Kinds of machines.
const (
	Computer = "computer" // this one: workers that go on when Loci is closed
	SSH      = "ssh"
	Slurm    = "slurm"
	Ray      = "ray"
)

// Machine is where runs are carried out: workers on this computer, on one that is reached over SSH, on a Slurm cluster whose login node is this
// computer or one reached over SSH, or on a Ray cluster. Its fields are those of its kind; FieldsOf lists them.
type Machine struct {
	Name   string
	Kind   string
	Values map[string]string // by the name of the field; what has its usual value is left out
}

// Value returns a field, or its usual value.
func (m Machine) Value(field string) string {
	if v := m.Values[field]; v != "" {
		return v
	}
	for _, f := range FieldsOf(m.Kind) {
		if f.Name == field {
			return f.Default
		}
	}
	return ""
}

// Whole returns a field that is a whole number, 0 where it is empty.
func (m Machine) Whole(field string) int { n, _ := strconv.Atoi(m.Value(field)); return n }

// Number returns a field that is a number, 0 where it is empty.
func (m Machine) Number(field string) float64 {
	x, _ := strconv.ParseFloat(m.Value(field), 64)
	return x
}

// Address is where the machine is, for people: no secret stands in it.
func (m Machine) Address() string {
	switch m.Kind {
	case Computer:
		return "this computer"
	case Ray:
		return m.Values["url"]
	}
	host := m.Value("host")
	if host == "" {
		return "this computer"
	}
	if user := m.Value("user"); user != "" {
		host = user + "@" + host
	}
	if port := m.Value("port"); port != "22" && port != "" {
		host += ":" + port
	}
	return host
}

// FieldsOf lists what a person can say of a machine of that kind; nil for a kind that is none.
func FieldsOf(kind string) []Blank {
	text := func(name, title, doc string) Blank { return Blank{Name: name, Title: title, Doc: doc, Type: "text"} }
	whole := func(name, title, doc, usual string, most float64) Blank {
		return Blank{Name: name, Title: title, Doc: doc, Type: "whole", Default: usual, Min: 1, Max: most}
	}
	login := []Blank{
		text("user", "Account", "There; empty is the name of this one."),
		whole("port", "Port", "Of its SSH server.", "22", 65535),
		text("key", "Key file", "Of the private key, as ~/.ssh/id_ed25519; empty tries the agent and the usual files."),
		{Name: "secret", Title: "Passphrase of the key", Type: "secret", Doc: "Name of the secret that holds it; empty where the key has none or the agent has the key."},
		text("host-key", "Host key", "SHA256:... as the computer must show it; empty asks ~/.ssh/known_hosts."),
		text("jump", "Jump host", "Through which it is reached, as USER@HOST:PORT; empty goes straight."),
	}
	work := []Blank{
		whole("jobs", "Runs at a time", "Of one order.", "1", 1024),
		whole("threads", "Threads of a run", "They change no number.", "1", 1024),
		text("gpus", "GPUs", "Which ones runs may see, as CUDA_VISIBLE_DEVICES wants them: 0,1; empty says nothing."),
	}
	common := []Blank{
		text("folder", "Folder there", "Where worker and records lie; empty is ~/.loci-worker."),
		text("wrap", "Container", "Begins each command of the worker, as apptainer exec image.sif; empty for none."),
		{Name: "kernel", Title: "Kernel", Type: "text", Doc: "Family of the numeric core: avx512, avx2 or go; empty picks the best there."},
	}
	host := func(doc string, wanted bool) []Blank {
		return []Blank{{Name: "host", Title: "Host", Doc: doc, Type: "text", Wanted: wanted}}
	}
	switch kind {
	case Computer:
		return slices.Concat(work, common)
	case SSH:
		return slices.Concat(host("Name or address of the computer.", true), login, work, common)
	case Slurm:
		return slices.Concat(host("The cluster's login node; empty is this computer.", false), login, []Blank{
			text("partition", "Partition", "Empty is the cluster's default."),
			text("account", "Slurm account", "Empty is your default."),
			text("time", "Time of a run", "As sbatch takes it: 30 (minutes), 02:00:00, 1-00:00; empty is the partition's."),
			text("memory", "Memory of a run", "As sbatch takes it: 4G; empty is the cluster's."),
			{Name: "cores", Title: "Cores of a run", Type: "whole", Max: 1024, Doc: "Empty is the cluster's default."},
			text("gres", "Resources", "For --gres, as gpu:1; empty for none."),
			{Name: "jobs", Title: "Runs at a time", Type: "whole", Max: 10000, Doc: "Of one array; empty for no limit."},
			whole("threads", "Threads of a run", "They change no number.", "1", 1024),
			text("before", "Lines before", "Of the job script, as module load apptainer."),
		}, common)
	case Ray:
		return []Blank{
			{Name: "url", Title: "Address", Type: "text", Wanted: true, Doc: "Of the cluster's dashboard, for example http://127.0.0.1:8265."},
			{Name: "secret", Title: "Secret", Type: "secret", Doc: "Name of the secret with the cluster's token; empty where none is asked for."},
			whole("jobs", "Runs at a time", "Of one order.", "1", 1024), whole("threads", "Threads of a run", "They change no number.", "1", 1024),
			{Name: "cpus", Title: "CPUs", Type: "number", Default: "1", Max: 100000, Doc: "That an order asks the cluster for."},
			{Name: "gpus", Title: "GPUs", Type: "number", Max: 100000, Doc: "That an order asks the cluster for; empty for none."},
			{Name: "arch", Title: "Processor", Type: "text", Default: "amd64", Doc: "Of the cluster's machines: amd64 or arm64."},
			{Name: "kernel", Title: "Kernel", Type: "text", Doc: "Family of the numeric core: avx512, avx2 or go; empty picks the best there."},
			insecureField(),
		}
	}
	return nil
}

var (
	hostName    = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._:%-]{0,250})$`)
	accountName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@-]{0,60}$`)
	fingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)
	slurmWord   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:,=/+-]{0,100}$`)
	gpuList     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9,:-]{0,200}$`)
	jumpHost    = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9._-]{0,60}@)?[A-Za-z0-9_][A-Za-z0-9._-]{0,250}(:[0-9]{1,5})?$`)
)

// Check returns nil for a machine that can be used, and else an Invalid error on the first field that is wrong.
func (m Machine) Check() error {
	if err := checkName(m.Name); err != nil {
		return err
	}
	fields := FieldsOf(m.Kind)
	if fields == nil {
		return lab.Errorf(lab.Invalid, "kind of machine is %.40q, want one of %q", m.Kind, machineKinds())
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	for name := range m.Values {
		if !slices.Contains(names, name) {
			return lab.Errorf(lab.Invalid, "a target of kind %s has no field %.40q, its fields are %q", m.Kind, name, names).WithHint("leave it out")
		}
	}
	for _, f := range fields {
		if err := m.field(f); err != nil {
			return err
		}
	}
	return nil
}

func machineKinds() []string { return []string{Computer, SSH, Slurm, Ray} }

// field checks one field.
func (m Machine) field(f Blank) error {
	v := m.Values[f.Name]
	switch {
	case v == "" && f.Wanted:
		return lab.Errorf(lab.Invalid, "target %q of kind %s has no %s", m.Name, m.Kind, f.Name).WithHint("%s: %s", f.Name, f.Doc)
	case v == "":
		return nil
	case f.Type == "whole" || f.Type == "number":
		x, err := strconv.ParseFloat(v, 64)
		if err != nil || f.Type == "whole" && x != float64(int64(x)) || x < f.Min || f.Max > 0 && x > f.Max {
			return lab.Errorf(lab.Invalid, "%s is %.40q, want a %s number from %g to %g", f.Name, v, map[bool]string{true: "whole", false: ""}[f.Type == "whole"], f.Min, f.Max).
				WithHint("leave it empty for the usual value")
		}
		return nil
	case f.Type == "secret":
		return lab.CheckSecretName(v)
	case f.Name == "url":
		return checkURL("cluster", v, m.Values["insecure"] == "true", "/api")
	}
	return m.word(f.Name, v)
}

// word checks a field that is text: what it becomes part of is a command, and nobody may say more with it than its name allows.
func (m Machine) word(name, v string) error {
	wrong := func(want string) error {
		return lab.Errorf(lab.Invalid, "%s is %.80q, want %s", name, v, want).WithHint("leave it empty for the usual value")
	}
	legal := map[string]*regexp.Regexp{"host": hostName, "user": accountName, "host-key": fingerprint, "jump": jumpHost, "gpus": gpuList,
		"partition": slurmWord, "account": slurmWord, "time": slurmWord, "memory": slurmWord, "gres": slurmWord}
	says := map[string]string{"host": "a host name or an address", "user": "the name of an account", "host-key": "SHA256: and 43 characters, as ssh-keygen -l prints it",
		"jump": "USER@HOST:PORT", "gpus": "numbers or names with commas between", "partition": "a name", "account": "a name", "time": "minutes, HH:MM:SS or D-HH:MM",
		"memory": "a number with K, M, G or T", "gres": "a name such as gpu:1"}
	switch {
	case len(v) > 2000 || name != "before" && strings.ContainsAny(v, "\n\r\x00"):
		return wrong("one line of at most 2,000 bytes")
	case legal[name] != nil && !legal[name].MatchString(v):
		return wrong(says[name])
	case name == "kernel" && !slices.Contains([]string{"avx512", "avx2", "go"}, v):
		return wrong("avx512, avx2 or go")
	case name == "arch" && v != "amd64" && v != "arm64":
		return wrong("amd64 or arm64")
	case name == "folder" && !strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "~/"):
		return wrong("a path that begins with / or ~/")
	case name == "insecure" && v != "true" && v != "false":
		return wrong("true or false")
	}
	return nil
}

// machine is a kind of targets that carry runs out.
func machine(kind, title, doc string, steps ...string) Kind {
	return Kind{
		Name: kind, Title: title, Doc: doc, Fields: FieldsOf(kind), Runs: true,
		Sends: "The worker program, and of each run its settings and seed. Its record comes back. No secret and no notebook leaves.",
		Steps: func(map[string]string) []string { return steps },
		List: func(all Targets) (forms []Form) {
			for _, m := range all.Machines {
				if m.Kind == kind {
					forms = append(forms, Form{kind, m.Name, m.Values})
				}
			}
			return forms
		},
		Put: func(all *Targets, form Form) error {
			m := Machine{Name: form.Name, Kind: kind, Values: map[string]string{}}
			for _, f := range FieldsOf(kind) {
				if v := strings.TrimSpace(form.Values[f.Name]); v != "" && v != f.Default {
					m.Values[f.Name] = v
				}
			}
			if err := m.Check(); err != nil {
				return err
			}
			all.Machines = append(all.Machines, m)
			return nil
		},
	}
}

func machines() []Kind {
	return []Kind{
		machine(Computer, "Workers on this computer", "Processes of their own that go on when Loci is closed, several at a time, each with the GPUs it may see.", "login", "disk", "worker", "machine"),
		machine(SSH, "Computer over SSH", "Another computer that your account can log in to. Runs go on there when the connection is lost or Loci is closed.", "login", "disk", "worker", "machine"),
		machine(Slurm, "Slurm cluster", "A job array for each order, a task a run; tasks that were preempted go on from their last checkpoint.", "login", "slurm", "disk", "worker", "machine", "job"),
		machine(Ray, "Ray cluster", "A job for each order, by the interface of Ray's dashboard.", "version", "worker"),
	}
}
