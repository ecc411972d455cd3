package site

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/shell"
)

// served begins the line of a job's log that says where its service listens.
const served = "loci-service "

// Ready does what Host.Ready says. What a node must have is looked at by the job itself, on the node that it gets.
func (r *Ray) Ready(ctx context.Context, s target.Start, told func(target.Answer)) error {
	err := step(told, "version", func() (string, error) {
		var v struct {
			Version string `json:"ray_version"`
		}
		err := r.json(ctx, http.MethodGet, "/api/version", nil, &v)
		return "Ray " + v.Version, err
	})
	if err != nil {
		return err
	}
	return step(told, "job", func() (string, error) {
		if s.Keyed {
			return "", lab.Errorf(lab.Invalid, "%s asks for a key, and a job of Ray shows all that it is given to everybody who sees the cluster", s.Title).WithHint("start it over SSH or Slurm, or start skyrl")
		}
		if float64(s.Cards) > r.need.GPUs {
			return "", lab.Errorf(lab.Invalid, "the service computes on %d graphics cards, and the target asks Ray for %g", s.Cards, r.need.GPUs).WithHint("set the target's gpus to %d", s.Cards)
		}
		return fmt.Sprintf("a job of %g CPUs and %g GPUs", r.need.CPUs, r.need.GPUs), nil
	})
}

// Serve does what Host.Serve says: the service is a job in a folder that goes with it, and listens on its node's own addresses.
func (r *Ray) Serve(ctx context.Context, id string, s target.Start, _ lab.Secret) error {
	if v, err := r.Serving(ctx, id, 1); err == nil && v.State != Gone {
		return nil
	}
	job := map[string]any{
		"submission_id": id, "entrypoint": rayEntry(id, s), "metadata": map[string]string{"job_submission_id": id, "by": "loci"},
		"entrypoint_num_cpus": r.need.CPUs, "entrypoint_num_gpus": r.need.GPUs,
	}
	if r.need.Memory > 0 {
		job["entrypoint_memory"] = r.need.Memory
	}
	body, err := json.Marshal(job)
	if err != nil {
		return lab.Errorf(lab.Internal, "the job %s cannot be written: %w", id, err)
	}
	err = r.json(ctx, http.MethodDelete, "/api/jobs/"+url.PathEscape(id), nil, nil) // one of that name that ended
	if err != nil && lab.CodeOf(err) != lab.NotFound {
		return err
	}
	return r.json(ctx, http.MethodPost, "/api/jobs/", body, nil)
}

// rayEntry is the job's command: its files, the checks of a machine, and the launch script, all in a folder that does not outlive the job.
func rayEntry(id string, s target.Start) string {
	var b strings.Builder
	fmt.Fprintf(&b, "folder=$(mktemp -d) || exit 1; root=${HOME:-/tmp}/.loci-worker; mkdir -p \"$folder\" \"$root\"; trap 'rm -rf \"$folder\"' EXIT; trap 'exit 143' TERM INT; cd \"$folder\" || exit 1\n")
	for name, text := range s.Files {
		fmt.Fprintf(&b, "printf %%s %s > %s\n", shell.Quote(text), shell.Quote(name))
	}
	script := launch(`"$root"`, `"$folder"`, id, "", "0.0.0.0", `"$(hostname -i 2>/dev/null | cut -d' ' -f1)"`, s)
	fmt.Fprintf(&b, "export root folder\nprintf %%s %s > %s\nsh %s & p=$!\n", shell.Quote(strings.Replace(script, `root="$root"; folder="$folder"; `, "", 1)), launchFile, launchFile)
	fmt.Fprintf(&b, "i=0; while [ $i -lt 50 ] && [ ! -s address ] && [ ! -s fault ]; do sleep 0.1; i=$((i+1)); done\n[ -s address ] && echo \"%s$(cat address)\"; [ -s fault ] && cat fault; wait $p\n", served)
	return "sh -c " + shell.Quote(b.String())
}

// Serving does what Host.Serving says.
func (r *Ray) Serving(ctx context.Context, id string, lines int) (Serving, error) {
	j, err := r.job(ctx, id)
	if err != nil {
		return Serving{State: Gone}, err
	}
	var v Serving
	v.State, v.Why = rayState(j)
	var answer struct {
		Logs string `json:"logs"`
	}
	if err := r.json(ctx, http.MethodGet, "/api/jobs/"+url.PathEscape(id)+"/logs", nil, &answer); err != nil {
		return v, err
	}
	var all []string
	for s := bufio.NewScanner(strings.NewReader(answer.Logs)); s.Scan(); {
		if at, ok := strings.CutPrefix(s.Text(), served); ok {
			v.Address = strings.TrimSpace(at)
			continue
		}
		all = append(all, s.Text())
	}
	v.Log = strings.Join(all[max(0, len(all)-lines):], "\n")
	return v, nil
}

// End does what Host.End says. Nothing of a job's folder can be kept.
func (r *Ray) End(ctx context.Context, id string, _ bool) error {
	if err := r.stop(ctx, id); err != nil {
		return err
	}
	err := r.json(ctx, http.MethodDelete, "/api/jobs/"+url.PathEscape(id), nil, nil)
	if lab.CodeOf(err) == lab.NotFound {
		return nil
	}
	return err
}

// Reach connects to a node of the cluster, which this computer's network must reach: Ray's interface has no way through.
func (r *Ray) Reach(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "the service on the Ray cluster does not answer at %s: %w", address, err).
			WithHint("this computer must reach the cluster's nodes themselves: be in its network, or start the service over SSH instead")
	}
	return conn, nil
}
