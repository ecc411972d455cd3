package target

import (
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestEveryTargetComesBackFromItsForm(t *testing.T) {
	all := examples()
	forms := all.Forms()
	if len(forms) != len(all.Endpoints)+len(all.Services) {
		t.Fatalf("%d forms", len(forms))
	}
	var back Targets
	for _, f := range forms {
		if err := back.PutForm(f, false); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if !reflect.DeepEqual(all, back) {
		t.Errorf("%+v\nwant %+v", back, all)
	}
}

func TestEveryKindIsDescribedAndItsStartsCanBeUsed(t *testing.T) {
	for _, k := range Kinds() {
		if k.Title == "" || k.Doc == "" || k.Sends == "" || len(k.Steps(map[string]string{"model": "m"})) == 0 {
			t.Errorf("%s: something is missing", k.Name)
		}
		for _, f := range k.Fields {
			if f.Title == "" || f.Doc == "" || f.Type == "" {
				t.Errorf("%s, %s: something is missing", k.Name, f.Name)
			}
		}
		for _, s := range k.Starts {
			s.Values["model"] = "m"
			if err := new(Targets).PutForm(s, false); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
}

func TestFormsThatCannotBeUsedAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		form  Form
		code  lab.Code
		words string
	}{
		"a kind that is none":     {Form{"cloud", "a", nil}, lab.Invalid, `"cloud"`},
		"a field that is none":    {Form{"service", "a", map[string]string{"url": "https://h", "key": "k"}}, lab.Invalid, `"key"`},
		"a word for a number":     {Form{"service", "a", map[string]string{"url": "https://h", "rank": "much"}}, lab.Invalid, `"much"`},
		"a part of a request":     {Form{"endpoint", "a", map[string]string{"url": "https://h/v1", "model": "m", "parallel": "1.5"}}, lab.Invalid, "1.5"},
		"no address":              {Form{"endpoint", "a", map[string]string{"model": "m"}}, lab.Invalid, "address"},
		"a name that is there":    {Form{"endpoint", "far", map[string]string{"url": "https://h/v1", "model": "m"}}, lab.Conflict, `"far"`},
		"plain http to elsewhere": {Form{"endpoint", "a", map[string]string{"url": "http://h/v1", "model": "m"}}, lab.Invalid, "plain http"},
	} {
		all := examples()
		err := all.PutForm(c.form, false)
		if lab.CodeOf(err) != c.code || lab.HintOf(err) == "" || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	all := examples()
	if err := all.PutForm(Form{"endpoint", "local", map[string]string{"url": "https://h/v1", "model": "other"}}, true); err != nil {
		t.Error(err)
	}
	if f, err := all.Form("local"); err != nil || f.Values["model"] != "other" || f.Price() != "" || f.Here() {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestAMachineIsKeptAsItWasSaid(t *testing.T) {
	all := Targets{Machines: []Machine{
		{Name: "lab", Kind: SSH, Values: map[string]string{"host": "lab.example.org", "user": "anna", "jobs": "4", "gpus": "0,1"}},
		{Name: "cluster", Kind: Slurm, Values: map[string]string{"partition": "gpu", "gres": "gpu:1", "before": "module load x\nulimit -c 0"}},
	}}
	text, err := Format(all)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("f.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Machines) != 2 || again.Machines[1].Address() != "anna@lab.example.org" || again.Machines[0].Value("before") != "module load x\nulimit -c 0" ||
		again.Machines[1].Whole("jobs") != 4 || again.Machines[0].Address() != "this computer" {
		t.Fatalf("read again: %+v\n%s", again.Machines, text)
	}
}

func TestAMachineWithAWrongFieldIsRefusedWithTheLegalValues(t *testing.T) {
	for name, c := range map[string]struct {
		kind   string
		values map[string]string
		says   string
	}{
		"no host":                             {SSH, nil, `no host`},
		"a host that is a command":            {SSH, map[string]string{"host": "a; rm -rf /"}, "a host name or an address"},
		"a host that begins as an option":     {SSH, map[string]string{"host": "-oProxyCommand=x"}, "a host name or an address"},
		"a partition with a blank":            {Slurm, map[string]string{"partition": "gpu --wrap"}, "a name"},
		"a port beyond all":                   {SSH, map[string]string{"host": "h", "port": "70000"}, "from 1 to 65535"},
		"a kernel that is none":               {Computer, map[string]string{"kernel": "sse"}, "avx512, avx2 or go"},
		"a folder below nothing":              {Computer, map[string]string{"folder": "loci"}, "begins with / or ~/"},
		"a field of another kind":             {Computer, map[string]string{"partition": "x"}, "has no field"},
		"a host key that is no fingerprint":   {SSH, map[string]string{"host": "h", "host-key": "MD5:aa"}, "SHA256:"},
		"a cluster in clear on another host":  {Ray, map[string]string{"url": "http://ray.example.org:8265"}, "plain http"},
		"a secret whose name is no name":      {Ray, map[string]string{"url": "http://127.0.0.1:1", "secret": "my key"}, "secret"},
		"runs at a time that are not a count": {Slurm, map[string]string{"jobs": "1.5"}, "whole number"},
	} {
		err := Machine{Name: "m", Kind: c.kind, Values: c.values}.Check()
		if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q in it", name, err, c.says)
		}
	}
}
