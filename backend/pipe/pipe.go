// Package pipe speaks with programs outside of Loci: a child process answers requests on its standard input with replies on its standard
// output, one JSON object a line. docs/line-protocol.md is the whole protocol.
//
// Nothing here starts a shell: a command is a list. The process and all that it starts form one group, which is killed as a whole when
// the process hangs, answers what it may not, or is closed.
package pipe

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Version is the version of the protocol that is spoken here; a process that answers another is refused.
const Version = 1

// Protocol is the name of the protocol in the first request.
const Protocol = "loci-lines"

// The bounds that Options leave at zero.
const (
	DefaultTimeout = 60 * time.Second
	DefaultGrace   = 2 * time.Second
	DefaultLimit   = 8 << 20
)

// tailWait is how long the ends of pipes are waited for that a grandchild outside of the group may hold open.
const tailWait = time.Second

// Options say how to speak with a process. The zero value is usable.
type Options struct {
	Greeting any           // the fields of the first request: a struct that embeds Greeting; nil for a bare one
	Hello    any           // pointer to what the first reply must hold beside the version; nil where it must hold nothing else
	Timeout  time.Duration // for each call, the first one included; 0 for DefaultTimeout
	Grace    time.Duration // between the end of its input and being killed; 0 for DefaultGrace
	Limit    int           // bytes of a line in either direction, its end not counted; 0 for DefaultLimit
	Dir      string        // where the process works; "" for where Loci works
	// Allow is asked before the process is started; its error is returned and nothing is started. nil allows.
	Allow func(command []string) error
}

// Greeting is what every first request tells.
type Greeting struct {
	Protocol string `json:"protocol"`
	Version  int    `json:"version"`
	Role     string `json:"role"` // world or memory
}

// NewGreeting is the greeting of this version.
func NewGreeting(role string) Greeting { return Greeting{Protocol, Version, role} }

// Process is a child that answers calls, one at a time. Several goroutines may use it. It is to be closed.
type Process struct {
	command []string
	options Options
	group   *group
	cmd     *exec.Cmd
	in      *os.File
	out     *os.File
	err     *os.File
	lines   chan line     // what it wrote; unbuffered, so a process that talks unasked fills its own pipe and waits
	deaf    chan struct{} // closed when nobody listens to lines any more
	exited  chan struct{} // closed when it ended and its group was killed
	closing chan struct{} // closed by Close
	once    sync.Once
	tail    tail
	work    sync.WaitGroup
	turn    chan struct{} // holds one token; who has it may call, and owns what follows
	id      int64         // of the last request
	broken  error         // why no call is possible any more
	done    bool          // finish was called
}

// Start starts a process and greets it. ctx and the timeout hold for the greeting alone: the process lives until Close. Errors have the
// codes of Call; a program that is not there is lab.Unavailable, an empty command lab.Invalid.
func Start(ctx context.Context, command []string, options Options) (*Process, error) {
	if len(command) == 0 || command[0] == "" {
		return nil, lab.Errorf(lab.Invalid, "the command %q names no program", command).
			WithHint(`write the program and each of its arguments as one item, for example command: ["python3", "memory.py"]`)
	}
	if options.Allow != nil {
		if err := options.Allow(slices.Clone(command)); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, cancelled(command, "hello", err)
	}
	p, err := launch(command, options.filled())
	if err != nil {
		return nil, err
	}
	if err := p.greet(ctx); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

func (o Options) filled() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	return o
}

// launch starts the program with a pipe on each of its three standard files, and the goroutines that listen.
func launch(command []string, o Options) (*Process, error) {
	p := &Process{
		command: slices.Clone(command), options: o, cmd: exec.Command(command[0], command[1:]...),
		lines: make(chan line), deaf: make(chan struct{}), exited: make(chan struct{}), closing: make(chan struct{}), turn: make(chan struct{}, 1),
	}
	theirs, err := p.pipes()
	if err == nil {
		err = p.begin()
	}
	shut(theirs) // the child has its own copies
	if err != nil {
		shut([]*os.File{p.in, p.out, p.err})
		return nil, lab.Errorf(lab.Unavailable, "the outside program %s cannot be started: %w", Show(command), err).
			WithHint("install %q, or write its whole path as the first item of command", command[0])
	}
	p.turn <- struct{}{}
	p.work.Go(p.listen)
	p.work.Go(func() { p.tail.follow(p.err) })
	go p.watch()
	return p, nil
}

// pipes makes the three pipes and returns the ends of the child. os/exec would close its own pipes when the process ends, with what it
// wrote last still inside.
func (p *Process) pipes() (theirs []*os.File, err error) {
	stdin, in, err1 := os.Pipe()
	out, stdout, err2 := os.Pipe()
	fault, stderr, err3 := os.Pipe()
	p.in, p.out, p.err = in, out, fault
	if err := errors.Join(err1, err2, err3); err != nil {
		return []*os.File{stdin, stdout, stderr}, err
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, stdout, stderr
	return []*os.File{stdin, stdout, stderr}, nil
}

func (p *Process) begin() error {
	p.cmd.Dir, p.cmd.Env = p.options.Dir, environment(os.Environ())
	p.group = newGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	if err := p.group.started(p.cmd.Process.Pid); err != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		return err
	}
	return nil
}

// environment leaves out what is Loci's own: a passphrase or a key may stand there.
func environment(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(v string) bool { return strings.HasPrefix(v, "LOCI_") })
}

// watch waits for the end of the process and takes what it started along.
func (p *Process) watch() {
	_ = p.cmd.Wait() // how it ended stands in cmd.ProcessState
	p.group.kill()
	p.group.close()
	close(p.exited)
}

// listen hands on what the process writes, line by line, and drops what comes after nobody listens.
func (p *Process) listen() {
	r := bufio.NewReaderSize(p.out, 64<<10)
	for {
		text, err := readLine(r, p.options.Limit)
		select {
		case p.lines <- line{text, err}:
		case <-p.deaf:
			_, _ = io.Copy(io.Discard, p.out)
			return
		}
		if err != nil {
			return
		}
	}
}

// Pid is the number of the process, which is also that of its group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Command is what was started.
func (p *Process) Command() []string { return slices.Clone(p.command) }

// Close ends the input of the process, waits for its end as long as Options.Grace says, kills it otherwise with all that it started,
// and returns when nothing of it is left. A call that is under way fails.
func (p *Process) Close() error {
	p.once.Do(func() { close(p.closing) })
	<-p.turn
	defer p.release()
	p.finish(p.options.Grace)
	if p.broken == nil {
		p.broken = closed(p.command)
	}
	return nil
}

func (p *Process) release() { p.turn <- struct{}{} }

// finish brings the process to its end: after grace it is killed.
func (p *Process) finish(grace time.Duration) {
	if p.done {
		return
	}
	p.done = true
	close(p.deaf)
	_ = p.in.Close()
	if grace > 0 {
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case <-p.exited:
		case <-late.C:
		}
	}
	p.group.kill()
	<-p.exited
	ends := []*os.File{p.in, p.out, p.err}
	release := time.AfterFunc(tailWait, func() { shut(ends) })
	p.work.Wait()
	release.Stop()
	shut(ends)
}

// shut closes files; one that is closed already stays so.
func shut(files []*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// Err says why no call is possible any more; nil while the process can be called.
func (p *Process) Err() error {
	<-p.turn
	defer p.release()
	return p.broken
}
