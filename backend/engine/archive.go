package engine

import (
	"archive/tar"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

const (
	archivePath = "archives/"
	archiveTime = 15 * time.Minute // how long the address of an archive leads to it
)

// archive gives an address under which the files of a checkpoint can be fetched without the key.
func (s *Server) archive(c *call) (any, error) {
	path, err := c.named()
	if err != nil {
		return nil, err
	}
	if _, _, _, err := s.disk.find(path); err != nil {
		return nil, err
	}
	expires := time.Now().Add(archiveTime).UTC()
	url := "http://" + c.Host + wire.Prefix + archivePath + s.seal(path, expires)
	body, err := wire.Encode(wire.ArchiveReply{URL: url, Expires: expires})
	return raw{status: http.StatusFound, header: http.Header{"Location": {url}, "Expires": {expires.Format(http.TimeFormat)}}, body: body}, err
}

// seal makes a text that names a checkpoint and a moment and that nobody without the key can make.
func (s *Server) seal(path string, expires time.Time) string {
	text := strconv.FormatInt(expires.Unix(), 10) + " " + path
	return base64.RawURLEncoding.EncodeToString(append(s.mark(text), text...))
}

func (s *Server) mark(text string) []byte {
	h := hmac.New(sha256.New, []byte(s.cfg.Key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// unseal returns what seal named, if it was ours and its time is not over.
func (s *Server) unseal(token string, now time.Time) (path string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < sha256.Size {
		return "", false
	}
	text := string(b[sha256.Size:])
	at, path, _ := strings.Cut(text, " ")
	seconds, err := strconv.ParseInt(at, 10, 64)
	return path, err == nil && hmac.Equal(b[:sha256.Size], s.mark(text)) && now.Before(time.Unix(seconds, 0))
}

// download sends the files of a checkpoint as a tar archive.
func (s *Server) download(c *call) (any, error) {
	path, ok := s.unseal(c.PathValue("token"), time.Now())
	if !ok {
		return nil, lab.Errorf(lab.NotFound, "this address leads to no archive any more").WithHint("ask for the archive again")
	}
	_, _, folder, err := s.disk.find(path)
	if err != nil {
		return nil, err
	}
	body, err := packed(folder)
	return raw{kind: "application/x-tar", body: body}, err
}

func packed(folder string) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	err := filepath.WalkDir(folder, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(b))}); err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
