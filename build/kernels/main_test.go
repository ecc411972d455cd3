package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestCommittedAssemblyIsWhatTheGeneratorWrites(t *testing.T) {
	for _, f := range families() {
		files, err := generate(f)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join("..", "..", "backend", "num", name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what the generator writes: run go generate ./backend/num", name)
			}
		}
	}
}

func TestTheNarrowFamilyUsesOnlyTheRegistersItsProcessorsHave(t *testing.T) {
	for _, f := range families() {
		if f.wide() {
			continue
		}
		files, err := generate(f)
		if err != nil {
			t.Fatal(err)
		}
		text := files["kernels_"+f.name+"_amd64.s"]
		if len(text) == 0 {
			t.Fatal("no assembly")
		}
		if found := regexp.MustCompile(`\b([XY](1[6-9]|2\d|3[01])|Z\d+|K[0-7])\b`).Find(text); found != nil {
			t.Errorf("%s uses register %s, which needs AVX-512", f.name, found)
		}
	}
}
