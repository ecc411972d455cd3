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
