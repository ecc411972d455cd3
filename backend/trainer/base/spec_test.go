package base

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func wantError(t *testing.T, err error, code lab.Code, words ...string) {
	t.Helper()
	if err == nil || lab.CodeOf(err) != code {
		t.Fatalf("got %v of code %q, want one of code %q", err, lab.CodeOf(err), code)
	}
	text := err.Error() + "\n" + lab.HintOf(err)
	if lab.HintOf(err) == "" {
		t.Errorf("%v has no hint", err)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in %q", w, text)
		}
	}
}

// leaves calls f for every field, with a name; f changes it and the change is taken back.
func leaves(v reflect.Value, name string, f func(name string)) {
	before := reflect.ValueOf(v.Interface())
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			leaves(v.Field(i), name+"."+v.Type().Field(i).Name, f)
		}
		return
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int:
		v.SetInt(v.Int() + 1)
	case reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float()*1.5 + 1)
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Slice:
		v.Set(reflect.ValueOf([]string{"b", "a", "c"})) // the same words in another order
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]int{"n": 4}))
	default:
		panic(fmt.Sprintf("%s is a %s", name, v.Kind()))
	}
	f(name)
	v.Set(before)
}

func TestAKeyDependsOnAllThatABaseDependsOn(t *testing.T) {
	s := toy(t)
	seen := map[string]string{}
	note := func(name, kernel, code string) {
		key, err := s.Key(kernel, code)
		if err != nil {
			t.Fatal(err)
		}
		if other, there := seen[key]; there {
			t.Errorf("%s and %s have the same key", name, other)
		}
		seen[key] = name
	}
	note("nothing", "go", "1")
	note("kernel", "avx2", "1")
	note("code", "go", "2")
	leaves(reflect.ValueOf(&s).Elem(), "spec", func(name string) { note(name, "go", "1") })
	if len(seen) < 20 {
		t.Errorf("%d keys were compared", len(seen))
	}
	first, _ := toy(t).Key("go", "1")
	if again, err := s.Key("go", "1"); err != nil || again != first {
		t.Errorf("the same spec has keys %s and %s, %v", first, again, err)
	}
}

func TestASpecThatCannotBeWrittenIsAMistakeOfOurs(t *testing.T) {
	s := toy(t)
	s.Mix = func() {}
	if _, err := s.Key("go", "1"); lab.CodeOf(err) != lab.Internal {
		t.Errorf("got %v", err)
	}
}
