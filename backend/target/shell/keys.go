package shell

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/loci-lab/loci/backend/lab"
)

// usualKeys are the files that ssh itself tries, in its order.
func usualKeys() []string { return []string{"id_ed25519", "id_ecdsa", "id_rsa"} }

func contains(text, part string) bool { return strings.Contains(text, part) }

func (o Options) home() string {
	if o.Home != "" {
		return o.Home
	}
	home, _ := os.UserHomeDir() // without a home there is no key there
	return home
}

// auth returns the ways to log in, and the names of the keys behind them.
func (o Options) auth(host Host) (methods []ssh.AuthMethod, tried []string, err error) {
	if host.Key != "" {
		signer, err := o.signer(o.expand(host.Key))
		if err != nil {
			return nil, nil, err
		}
		return []ssh.AuthMethod{ssh.PublicKeys(signer)}, []string{host.Key}, nil
	}
	var signers []ssh.Signer
	if from := o.agentKeys(); from != nil {
		for _, s := range from {
			signers, tried = append(signers, s), append(tried, "agent: "+ssh.FingerprintSHA256(s.PublicKey()))
		}
	}
	for _, name := range usualKeys() {
		path := filepath.Join(o.home(), ".ssh", name)
		signer, err := o.signer(path)
		if errors.Is(err, fs.ErrNotExist) || err != nil && lab.CodeOf(err) == lab.Unavailable {
			continue // an encrypted key whose passphrase is not known may be in the agent
		}
		if err != nil {
			return nil, nil, err
		}
		signers, tried = append(signers, signer), append(tried, "~/.ssh/"+name)
	}
	if len(signers) == 0 {
		return nil, nil, nil
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signers...)}, tried, nil
}

func (o Options) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(o.home(), rest)
	}
	return path
}

// agentKeys asks the agent for its keys; none where no agent answers.
func (o Options) agentKeys() []ssh.Signer {
	if o.Agent == "" {
		return nil
	}
	conn, err := net.Dial("unix", o.Agent)
	if err != nil {
		return nil
	}
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		_ = conn.Close()
		return nil
	}
	return signers // they sign through the connection, which lives as long as they do
}

// signer reads a private key file. Not-exist errors come as they are.
func (o Options) signer(path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lab.Errorf(lab.NotFound, "there is no key file %q: %w", path, err).WithHint("make one with `ssh-keygen -t ed25519 -f %s`, or name another", path)
	}
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "key file %q cannot be read: %w", path, err).WithHint("allow this account to read it")
	}
	signer, err := ssh.ParsePrivateKey(text)
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return o.unlock(path, text)
	}
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "file %q is no private key: %w", path, err).WithHint("name the private key, not the one that ends in .pub")
	}
	return signer, nil
}

func (o Options) unlock(path string, text []byte) (ssh.Signer, error) {
	locked := lab.Errorf(lab.Unavailable, "key file %q is encrypted and its passphrase is not known", path).
		WithHint("add it to the agent with `ssh-add %s`, or keep the passphrase as a secret and name that secret", path)
	if o.Passphrase == nil {
		return nil, locked
	}
	pass, err := o.Passphrase(path)
	if err != nil {
		return nil, err
	}
	if pass.Empty() {
		return nil, locked
	}
	signer, err := ssh.ParsePrivateKeyWithPassphrase(text, []byte(pass.Reveal()))
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "the passphrase of key file %q is wrong", path).WithHint("set the secret again, or use the agent: `ssh-add %s`", path)
	}
	return signer, nil
}

// hostKeys checks who answers.
type hostKeys struct {
	host    Host
	opt     Options
	refused error // why the key was not taken, in words
}

// check returns what compares the key that the host shows: with the fingerprint of the target, else with the files of known hosts. algorithms are
// those of the known keys, so that a host with several keys shows one that is known; nil is any.
func (k *hostKeys) check() (algorithms []string, check ssh.HostKeyCallback, err error) {
	if k.host.HostKey != "" {
		return nil, k.pinned, nil
	}
	files := k.opt.Known
	if files == nil {
		files = []string{filepath.Join(k.opt.home(), ".ssh", "known_hosts")}
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f string) bool { _, err := os.Stat(f); return err != nil })
	known, err := knownhosts.New(files...)
	if err != nil {
		return nil, nil, lab.Errorf(lab.Invalid, "a file of known hosts cannot be read: %w", err).WithHint("mend or remove that line")
	}
	return knownAlgorithms(known, k.host.address()), func(address string, remote net.Addr, key ssh.PublicKey) error {
		err := known(address, remote, key)
		k.refused = k.explain(err, key)
		return k.refused
	}, nil
}

func (k *hostKeys) pinned(_ string, _ net.Addr, key ssh.PublicKey) error {
	if is := ssh.FingerprintSHA256(key); is != k.host.HostKey {
		k.refused = wrongKey(k.host, is, k.host.HostKey)
		return k.refused
	}
	return nil
}

func (k *hostKeys) explain(err error, key ssh.PublicKey) error {
	if err == nil {
		return nil
	}
	is := ssh.FingerprintSHA256(key)
	unknown, ok := errors.AsType[*knownhosts.KeyError](err)
	switch {
	case ok && len(unknown.Want) == 0:
		return lab.Errorf(lab.Unavailable, "%s is not known: it shows the key %s", k.host.Name, is).
			WithHint("compare that with what its administrator says, then log in once with ssh, or give the target this host key")
	case ok:
		return wrongKey(k.host, is, ssh.FingerprintSHA256(unknown.Want[0].Key))
	}
	return lab.Errorf(lab.Unavailable, "the key %s of %s is not taken: %w", is, k.host.Name, err).WithHint("ask its administrator for a new one")
}

func wrongKey(host Host, is, want string) error {
	return lab.Errorf(lab.Invalid, "%s shows the host key %s, but %s is known for it: another computer answers, or it was set up anew", host.Name, is, want).
		WithHint("do not go on before its administrator says that the key was changed; then remove the old one with `ssh-keygen -R %s`", host.Name)
}

// knownAlgorithms finds the kinds of keys that are known for an address, by asking for a key that no host has.
func knownAlgorithms(known ssh.HostKeyCallback, address string) (algorithms []string) {
	err := known(address, &net.TCPAddr{IP: net.IPv4zero}, nobody{})
	e, ok := errors.AsType[*knownhosts.KeyError](err)
	if !ok {
		return nil
	}
	for _, want := range e.Want {
		kinds := []string{want.Key.Type()}
		if want.Key.Type() == ssh.KeyAlgoRSA {
			kinds = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
		}
		algorithms = append(algorithms, kinds...)
	}
	return slices.Compact(algorithms)
}

// nobody is a key that no host has.
type nobody struct{}

func (nobody) Type() string                        { return "nobody" }
func (nobody) Marshal() []byte                     { return []byte("nobody") }
func (nobody) Verify([]byte, *ssh.Signature) error { return errors.New("nobody signs nothing") }
