package site

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target"
)

// Ray carries orders out as jobs of a Ray cluster, by its Jobs interface. The job's log carries the records: a cluster lends no disk.
type Ray struct {
	address string // http://HOST:8265
	key     lab.Secret
	need    Need
	workers Workers
	client  *http.Client

	mu    sync.Mutex
	heard map[string]*heard // by order
}

// Need is what a job asks the cluster for.
type Need struct {
	CPUs   float64
	GPUs   float64
	Memory float64 // bytes, 0 says nothing
	OS     string  // of the cluster's machines, in Go's words; "" is linux
	Arch   string  // "" is amd64
}

// heard are the records of an order as its log had them so far.
type heard struct {
	log  int // bytes of the log that were read
	runs map[string][]byte
}

const (
	rayPatience = 60 * time.Second
	rayPause    = 300 * time.Millisecond // between two looks at a job that is to end
	rayLimit    = 1 << 30                // bytes of a log
)

// NewRay makes a place of a Ray cluster's address. The key goes into the header Authorization; empty for a cluster that asks for none.
func NewRay(address string, key lab.Secret, need Need, workers Workers) *Ray {
	if need.OS == "" {
		need.OS = "linux"
	}
	if need.Arch == "" {
		need.Arch = "amd64"
	}
	return &Ray{address: strings.TrimRight(address, "/"), key: key, need: need, workers: workers, heard: map[string]*heard{},
		client: &http.Client{Timeout: rayPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Close lets the connections go.
func (r *Ray) Close() error { r.client.CloseIdleConnections(); return nil }

// Check does what Site.Check says.
func (r *Ray) Check(ctx context.Context, told func(target.Answer)) error {
	err := step(told, "version", func() (string, error) {
		var v struct {
			Version string `json:"ray_version"`
		}
		return "Ray " + v.Version, r.json(ctx, http.MethodGet, "/api/version", nil, &v)
	})
	if err != nil {
		return err
	}
	return step(told, "worker", func() (string, error) {
		path, err := r.workers(r.need.OS, r.need.Arch)
		if err != nil {
			return "", err
		}
		info, err := os.Stat(path)
		if err != nil {
			return "", lab.Errorf(lab.Unavailable, "worker %q cannot be read: %w", path, err).WithHint("build it anew with `make workers`")
		}
		return fmt.Sprintf("%d MB are sent with each order", info.Size()>>20), nil
	})
}

// Submit does what Site.Submit says. The order's ID is the job's name there, so that it exists once.
func (r *Ray) Submit(ctx context.Context, o run.Order) error {
	if err := o.Check(); err != nil {
		return err
	}
	if _, err := r.job(ctx, o.ID); lab.CodeOf(err) != lab.NotFound {
		return err // it is there already
	}
	pack, err := r.pack(o)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(pack)
	name := "_ray_pkg_" + hex.EncodeToString(sum[:8]) + ".zip"
	if err := r.json(ctx, http.MethodPut, "/api/packages/gcs/"+name, pack, nil); err != nil {
		return err
	}
	job := map[string]any{
		"submission_id": o.ID,
		// The folder of the package is shared and read-only in spirit: the work goes into one of its own, which does not outlive the job.
		"entrypoint":          `sh -c 'd=$(mktemp -d) && trap "rm -rf $d" EXIT && cp worker order.json $d/ && chmod 755 $d/worker && cd $d && ./worker stream . & p=$!; trap "kill -TERM $p 2>/dev/null; wait $p" TERM INT; wait $p'`,
		"runtime_env":         map[string]any{"working_dir": "gcs://" + name},
		"metadata":            map[string]string{"job_submission_id": o.ID, "by": "loci"},
		"entrypoint_num_cpus": r.need.CPUs,
		"entrypoint_num_gpus": r.need.GPUs,
	}
	if r.need.Memory > 0 {
		job["entrypoint_memory"] = r.need.Memory
	}
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	return r.json(ctx, http.MethodPost, "/api/jobs/", text, nil)
}

// pack is a zip of the worker and the order. Equal orders give equal bytes.
func (r *Ray) pack(o run.Order) ([]byte, error) {
	path, err := r.workers(r.need.OS, r.need.Arch)
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "worker %q cannot be read: %w", path, err).WithHint("build it anew with `make workers`")
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct {
		name string
		body []byte
	}{{"worker", program}, {"order.json", text}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(f.body)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil { // it writes the directory, without which the rest is no archive
		return nil, err
	}
	return b.Bytes(), nil
}

// rayJob is a job as Ray tells of it.
type rayJob struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func (r *Ray) job(ctx context.Context, id string) (rayJob, error) {
	var j rayJob
	return j, r.json(ctx, http.MethodGet, "/api/jobs/"+url.PathEscape(id), nil, &j)
}

// Look does what Site.Look says.
func (r *Ray) Look(ctx context.Context, o run.Order) (Sight, error) {
	j, err := r.job(ctx, o.ID)
	if lab.CodeOf(err) == lab.NotFound {
		return Sight{}, missing(r.address, o.ID)
	}
	if err != nil {
		return Sight{}, err
	}
	state, why := rayState(j)
	h, err := r.listen(ctx, o.ID)
	if err != nil {
		return Sight{}, err
	}
	s := fresh(o, state, why)
	s.Job = o.ID
	for _, k := range keys(o) {
		seen := s.Runs[k]
		seen.Bytes = int64(len(h[k]))
		s.Runs[k] = seen
	}
	return s, nil
}

func rayState(j rayJob) (state, why string) {
	switch j.Status {
	case "PENDING":
		return Waiting, j.Message
	case "RUNNING":
		return Running, ""
	case "SUCCEEDED":
		return Gone, ""
	case "STOPPED":
		return Gone, "it was stopped"
	}
	return Gone, strings.TrimSpace("it failed: " + j.Message)
}

// listen reads what the log grew by, and returns the records as they stand.
func (r *Ray) listen(ctx context.Context, id string) (map[string][]byte, error) {
	var answer struct {
		Logs string `json:"logs"`
	}
	if err := r.json(ctx, http.MethodGet, "/api/jobs/"+url.PathEscape(id)+"/logs", nil, &answer); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.heard[id]
	if h == nil || h.log > len(answer.Logs) { // the log begins anew
		h = &heard{runs: map[string][]byte{}}
		r.heard[id] = h
	}
	for {
		line, _, whole := strings.Cut(answer.Logs[h.log:], "\n")
		if !whole {
			break
		}
		h.log += len(line) + 1
		h.line(line)
	}
	runs := map[string][]byte{}
	for k, b := range h.runs {
		runs[k] = b
	}
	return runs, nil
}

// line takes `loci-record KEY OFFSET BASE64`; other lines are what the job said beside.
func (h *heard) line(text string) {
	words := strings.Fields(text)
	if len(words) != 4 || words[0] != "loci-record" {
		return
	}
	at, err := strconv.Atoi(words[2])
	b, wrong := base64.StdEncoding.DecodeString(words[3])
	if err != nil || wrong != nil || at > len(h.runs[words[1]]) {
		return
	}
	h.runs[words[1]] = append(h.runs[words[1]][:at:at], b...)
}

// Fetch does what Site.Fetch says.
func (r *Ray) Fetch(ctx context.Context, id, key string, from int64, w io.Writer) error {
	b := r.known(id, key)
	if from >= int64(len(b)) { // else the last look brought it: the log is read whole each time, and not once for each of its runs
		runs, err := r.listen(ctx, id)
		if err != nil {
			return err
		}
		b = runs[key]
	}
	if from >= int64(len(b)) {
		return nil
	}
	_, err := w.Write(b[from:min(int64(len(b)), from+FetchLimit)])
	return err
}

// known is what was heard of a record so far.
func (r *Ray) known(id, key string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.heard[id]; h != nil {
		return h.runs[key]
	}
	return nil
}

// Cancel does what Site.Cancel says. Ray answers before a job has ended: this waits for it.
func (r *Ray) Cancel(ctx context.Context, o run.Order) error { return r.stop(ctx, o.ID) }

// stop ends a job and waits until it has.
func (r *Ray) stop(ctx context.Context, id string) error {
	err := r.json(ctx, http.MethodPost, "/api/jobs/"+url.PathEscape(id)+"/stop", []byte("{}"), nil)
	if lab.CodeOf(err) == lab.NotFound {
		return nil // it never got there
	}
	for err == nil {
		var j rayJob
		if j, err = r.job(ctx, id); err != nil || j.Status != "PENDING" && j.Status != "RUNNING" {
			return err
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(rayPause):
		}
	}
	return err
}

// Clean does what Site.Clean says. Ray removes the packages of jobs itself.
func (r *Ray) Clean(ctx context.Context, o run.Order) error {
	r.mu.Lock()
	delete(r.heard, o.ID)
	r.mu.Unlock()
	err := r.json(ctx, http.MethodDelete, "/api/jobs/"+url.PathEscape(o.ID), nil, nil)
	if lab.CodeOf(err) == lab.NotFound {
		return nil
	}
	return err
}

// json asks the cluster; body and answer may be nil.
func (r *Ray) json(ctx context.Context, method, path string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, r.address+path, bytes.NewReader(body))
	if err != nil {
		return lab.Errorf(lab.Invalid, "the address of the cluster is no URL").WithHint("write it as http://HOST:8265")
	}
	if !r.key.Empty() {
		req.Header.Set("Authorization", "Bearer "+r.key.Reveal())
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err // without what repeats the address
		}
		return target.Unreachable("the Ray cluster", r.address, err.Error(), err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, rayLimit))
	if err != nil {
		return lab.Errorf(lab.Unavailable, "%s broke its answer off: %w", r.address, err).WithHint("it is asked again")
	}
	if err := r.status(resp.StatusCode, text); err != nil {
		return err
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return lab.Errorf(lab.Unavailable, "%s answers %.80q, which is not what Ray says", r.address, text).WithHint("is that the address of Ray's dashboard, usually port 8265?")
	}
	return nil
}

func (r *Ray) status(code int, text []byte) error {
	said := strings.TrimSpace(string(text[:min(len(text), 300)]))
	switch {
	case code < 300:
		return nil
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return lab.Errorf(lab.Invalid, "the cluster at %s refuses the key: %s", r.address, said).WithHint("set the secret of the target again with `loci secret set`")
	case code == http.StatusNotFound:
		return lab.Errorf(lab.NotFound, "the cluster at %s does not know that: %s", r.address, said)
	case code < 500:
		return lab.Errorf(lab.Invalid, "the cluster at %s does not take it (%d): %s", r.address, code, said)
	}
	return lab.Errorf(lab.Unavailable, "the cluster at %s failed (%d): %s", r.address, code, said).WithHint("it is asked again")
}
