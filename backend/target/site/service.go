package site

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/shell"
)

// Serving is how a training service stands that was started at a place.
type Serving struct {
	State   string // Waiting, Running, Gone
	Why     string // reason for it in the place's words; "" when it gives none
	Address string // HOST:PORT as the place sees it, "" before it is known
	Log     string // its last lines
}

// Host is a place where services can be started. All methods may be called again after an error. A service is known by its ID.
type Host interface {
	// Ready tries what the service needs, step by step, and tells each step that went well. It leaves nothing behind.
	Ready(ctx context.Context, s target.Start, told func(target.Answer)) error
	// Serve begins the service; one that goes on already is left alone. The key is for a service that asks its clients for one.
	Serve(ctx context.Context, id string, s target.Start, key lab.Secret) error
	// Serving tells how it stands, with that many last lines of its log. Not-found: nothing of it is there.
	Serving(ctx context.Context, id string, lines int) (Serving, error)
	// End ends all its processes. What it left is removed, unless it is to be kept.
	End(ctx context.Context, id string, keep bool) error
	// Reach connects to an address as the place sees it.
	Reach(ctx context.Context, network, address string) (net.Conn, error)
	Close() error
}

// NewID is a fresh name of a service's folder.
func NewID(name string) string { return fmt.Sprintf("%s-%08x", name, rand.Uint32()) }

const (
	launchFile = "launch.sh"
	serveLog   = "log"
	keyFile    = "key"
	firstPort  = 21000
	portRange  = 10000 // below the range from which systems lend ports to clients
	portTries  = 8
	logBytes   = 20000 // of a log's end that are fetched
)

// launch is the script that a service is: its head sets the variables that target.Start names. bind and host are words of a script.
func launch(root, folder, id, gpus, bind, host string, s target.Start) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/sh\nroot=%s; folder=%s; id=%s\n", root, folder, shell.Quote(id))
	b.WriteString(`cd "$folder" || exit 1
umask 077
rm -f ended fault address
cut -d' ' -f5 "/proc/$$/stat" > pid 2>/dev/null || echo $$ > pid
[ ! -e cancelled ] || exit 0
LOCI_SERVICE=$id; export LOCI_SERVICE
if [ -s key ]; then LOCI_ENGINE_KEY=$(cat key); export LOCI_ENGINE_KEY; rm -f key; fi
`)
	if gpus != "" {
		fmt.Fprintf(&b, "CUDA_VISIBLE_DEVICES=%s; export CUDA_VISIBLE_DEVICES\n", shell.Quote(gpus))
	}
	if s.Cards > 0 {
		b.WriteString("nvidia-smi -L >/dev/null 2>&1 || { echo \"$(hostname) has no graphics card that NVIDIA's driver lists\" > fault; exit 3; }\n")
	}
	fmt.Fprintf(&b, "bind=%s; host=%s\n", bind, host)
	// A port that somebody listens on stands in /proc/net/tcp as hexadecimal digits, with state 0A.
	fmt.Fprintf(&b, `for port in %s; do
grep -qiE "^ *[0-9]+: [0-9A-F]+:$(printf %%04X "$port") [0-9A-F]+:0000 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null || break
done
echo "$host:$port" > address
echo "starts %s on $(hostname), port $port"
`, ports(), strings.ReplaceAll(s.Title, `"`, ""))
	b.WriteString(s.Lines)
	b.WriteString("status=$?\necho \"$status\" > ended\nexit \"$status\"\n")
	return b.String()
}

// ports are some to choose from.
func ports() string {
	words := make([]string, portTries)
	for i := range words {
		words[i] = fmt.Sprint(firstPort + rand.IntN(portRange))
	}
	return strings.Join(words, " ")
}

// serviceFolder is the folder of a service as a word of a script.
func (f folder) serviceFolder(id string) string { return f.path("services", id) }

// prepare tries the checks of a service, those about graphics cards only where they are to be seen.
func (f folder) prepare(ctx context.Context, s target.Start, cards bool, told func(target.Answer)) error {
	if err := step(told, "login", func() (string, error) { _, err := f.out(ctx, "true"); return f.sh.Title(), err }); err != nil {
		return err
	}
	for _, c := range s.Checks {
		if c.Cards && !cards {
			continue
		}
		err := step(told, c.Name, func() (string, error) {
			fact, err := f.out(ctx, "root=%s\n%s", shell.Home(f.root), c.Script)
			if err != nil {
				return "", err
			}
			return c.Judge(f.sh.Title(), strings.TrimSpace(fact))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lay writes what a service needs into its folder; it is Cancelled when somebody ended it before.
func (f folder) lay(ctx context.Context, id, script string, s target.Start, key lab.Secret) error {
	if _, err := f.out(ctx, "umask 077; mkdir -p %[1]s && rm -f %[1]s/cancelled", f.serviceFolder(id)); err != nil {
		return err
	}
	files := map[string]string{launchFile: script}
	for name, text := range s.Files {
		files[name] = text
	}
	if s.Keyed {
		files[keyFile] = key.Reveal()
	}
	for name, text := range files {
		script := fmt.Sprintf("umask 077; cd %s && cat > part.$$ && mv -f part.$$ %s", f.serviceFolder(id), shell.Quote(name))
		if err := f.explain(f.sh.Run(ctx, script, strings.NewReader(text), nil)); err != nil {
			return err
		}
	}
	return nil
}

// report is the part of a script that tells of a service: `address`, `fault` and `ended` with what stands in these files, then the log.
func report(lines int) string {
	return fmt.Sprintf(`for k in address fault ended; do [ -s $k ] && echo "$k $(head -c 500 $k)"; done
echo log; tail -n %d %s 2>/dev/null | tail -c %d; exit 0`, lines, serveLog, logBytes)
}

// read takes what a script with report printed behind the lines that line takes.
func (v *Serving) read(text string, line func(string)) {
	head, log, _ := strings.Cut(text, "\nlog\n")
	if rest, ok := strings.CutPrefix(text, "log\n"); ok {
		head, log = "", rest
	}
	v.Log = strings.TrimRight(strings.ToValidUTF8(log, "?"), "\n")
	for l := range strings.Lines(head) {
		l = strings.TrimSpace(l)
		word, rest, _ := strings.Cut(l, " ")
		switch word {
		case "address":
			v.Address = rest
		case "fault":
			v.Why = rest
		case "ended":
			if v.Why == "" {
				v.Why = "it ended with status " + rest
			}
		default:
			line(l)
		}
	}
}

// gone is the error for a service of which nothing is there.
func (f folder) gone(id string) error {
	return lab.Errorf(lab.NotFound, "%s has nothing of the service %s", f.sh.Title(), id).WithHint("start it again with `loci target start`")
}

// Reach connects to an address as the machine sees it: straight from this computer, through SSH from another.
func (f folder) Reach(ctx context.Context, network, address string) (net.Conn, error) {
	if far, ok := f.sh.(interface {
		Forward(ctx context.Context, network, address string) (net.Conn, error)
	}); ok {
		return far.Forward(ctx, network, address)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "nothing answers at %s: %w", address, err).WithHint("look whether the program there still runs")
	}
	return conn, nil
}

// sweep is the part of a script that ends processes of a service that left its group, by the mark in their environment.
func sweep(id string) string {
	return fmt.Sprintf(`for e in $(grep -lsF LOCI_SERVICE=%s /proc/[0-9]*/environ 2>/dev/null); do p=${e#/proc/}; kill -s KILL "${p%%/environ}" 2>/dev/null; done`, id)
}

// remove is the part of a script that removes what a service left, or makes its folder ready to be started again.
func (f folder) remove(id string, keep bool) string {
	if keep {
		return fmt.Sprintf("cd %s 2>/dev/null && rm -f pid job address fault ended cancelled key launch.sh part.*; true", f.serviceFolder(id))
	}
	return fmt.Sprintf("rm -rf %s", f.serviceFolder(id))
}

var (
	_ Host = (*Detached)(nil)
	_ Host = (*Slurm)(nil)
	_ Host = (*Ray)(nil)
)
