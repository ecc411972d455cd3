package pipe

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain makes this program the child as well: `PROGRAM child MODE ...` answers in one of the ways of behave.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "child" {
		child(os.Args[2], os.Args[3:])
		os.Exit(0)
	}
	if len(os.Args) == 4 && os.Args[1] == "hold" {
		hold(os.Args[2], os.Args[3])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// asked is what the child was asked.
type asked struct {
	ID   int64          `json:"id"`
	Verb string         `json:"verb"`
	In   map[string]any `json:"in"`
}

// child answers the greeting as it should and everything after it in its mode.
func child(mode string, args []string) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var a asked
		if err := json.Unmarshal(in.Bytes(), &a); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(9)
		}
		if a.Verb == "hello" && !strings.HasPrefix(mode, "hello-") {
			fmt.Printf(`{"id":%d,"out":{"version":1}}`+"\n", a.ID)
			continue
		}
		behave(mode, args, a)
	}
	if mode == "outlive" {
		select {}
	}
}

func behave(mode string, args []string, a asked) {
	switch mode {
	case "die":
		fmt.Fprintln(os.Stderr, "the disk is full")
		os.Exit(3)
	case "hang", "outlive":
		fmt.Fprintln(os.Stderr, "waiting for ever")
		select {}
	case "fixed":
		fmt.Println(strings.ReplaceAll(args[0], "ID", fmt.Sprint(a.ID)))
	case "hello-fixed":
		fmt.Println(args[0])
	case "torn":
		fmt.Printf(`{"id":%d,"out":`, a.ID)
		os.Exit(0)
	case "huge":
		fmt.Printf(`{"id":%d,"out":{"text":"%s"}}`+"\n", a.ID, strings.Repeat("x", 1<<20))
	case "bytes":
		fmt.Printf("{\"id\":%d,\"out\":{\"text\":\"\xff\"}}\n", a.ID)
	case "deaf":
		os.Stdin.Close()
		select {}
	case "flood":
		for i := range 20_000 {
			fmt.Fprintf(os.Stderr, "line %d of a flood\n", i)
		}
		fmt.Printf(`{"id":%d,"out":{"text":"done"}}`+"\n", a.ID)
	case "family":
		family(args[0])
		fmt.Printf(`{"id":%d,"out":{"text":"born"}}`+"\n", a.ID)
	case "orphan":
		family(args[0])
		os.Exit(4)
	case "environment":
		fmt.Printf(`{"id":%d,"out":{"text":%q}}`+"\n", a.ID, os.Getenv("LOCI_PASSPHRASE")+os.Getenv("OTHER_VARIABLE"))
	default:
		text, _ := a.In["text"].(string)
		fmt.Printf(`{"id":%d,"out":{"text":%q}}`+"\n", a.ID, text)
	}
}

// family starts a grandchild that holds a connection, and the child's own output, as long as it lives, and waits until it does.
func family(address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	c := exec.Command(os.Args[0], "hold", address, l.Addr().String())
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		panic(err)
	}
	if conn, err := l.Accept(); err == nil {
		conn.Close()
	}
}

// hold keeps a connection to the test open and tells the child that it does.
func hold(test, parent string) {
	c, err := net.Dial("tcp", test)
	if err != nil {
		os.Exit(1)
	}
	if p, err := net.Dial("tcp", parent); err == nil {
		p.Close()
	}
	_, _ = io.Copy(io.Discard, c)
}
