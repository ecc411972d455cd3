package openai

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/script"
)

func embedder(t *testing.T, c *Client) *Embedder {
	t.Helper()
	e, err := c.Embedder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func dot(a, b []float32) (s float64) {
	for i := range a {
		s += float64(a[i]) * float64(b[i])
	}
	return s
}

func TestVectorsComeInOrderOfUnitLengthAndAreAskedOnce(t *testing.T) {
	s := scripted(t)
	s.Width = 24
	e := endpoint(t, s)
	e.Cache = t.TempDir()
	c, _ := open(t, e)
	em := embedder(t, c)
	if em.Width() != 24 {
		t.Errorf("width %d", em.Width())
	}
	texts := make([]string, 150) // three requests
	for i := range texts {
		texts[i] = fmt.Sprintf("text %d of many", i)
	}
	texts[3], texts[149] = " ", texts[7]
	vectors, err := em.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		want := 1.0
		if i == 3 {
			want = 0
		}
		if math.Abs(dot(v, v)-want) > 1e-6 || len(v) != 24 {
			t.Errorf("vector %d has length %v", i, dot(v, v))
		}
	}
	if !slices.Equal(vectors[7], vectors[149]) || slices.Equal(vectors[7], vectors[8]) {
		t.Error("vectors are not those of their texts")
	}
	if n := len(s.Asked()); n != 4 {
		t.Errorf("%d requests, want one for the width and three", n)
	}
	again, _ := open(t, e)
	same, err := embedder(t, again).Embed(t.Context(), texts)
	if err != nil || !reflect.DeepEqual(same, vectors) || again.Counts().Requests != 0 {
		t.Errorf("%v, %+v", err, again.Counts())
	}
}

func TestVectorsThatAreNoneAreTriedAgainAndThenAnError(t *testing.T) {
	v := func(index int, numbers string) string {
		return fmt.Sprintf(`{"index":%d,"embedding":[%s]}`, index, numbers)
	}
	body := func(parts ...string) script.Fault {
		return script.Fault{Body: `{"data":[` + strings.Join(parts, ",") + `]}`}
	}
	three := "1,2,3"
	for _, f := range []struct {
		name  string
		fault script.Fault
		words string
	}{
		{"too few", body(v(0, three)), "another number of vectors"},
		{"none", script.Fault{Body: `{"data":[]}`}, "another number of vectors"},
		{"one twice", body(v(0, three), v(0, three)), "numbered"},
		{"numbered from elsewhere", body(v(1, three), v(2, three)), "numbered"},
		{"another width", body(v(0, three), v(1, "1,2")), "another width"},
		{"of no width", body(v(0, ""), v(1, "")), "another width"},
		{"zero", body(v(0, three), v(1, "0,0,0")), "no direction"},
		{"another layout", script.Fault{Body: `{"data":"none"}`}, "another layout"},
		{"a page", script.Fault{Header: map[string]string{"Content-Type": "text/html"}, Body: "<html>Log in"}, "Log in"},
		{"a body that was cut", script.Fault{Body: `{"data":[{"index":0,"emb`}, "broke off"},
		{"out of order", script.Fault{Status: 500, Body: "out of order"}, "out of order"},
		{"on another address", script.Fault{Status: 307, Body: "moved"}, "sends us on"},
	} {
		t.Run(f.name, func(t *testing.T) {
			s := scripted(t)
			s.Width = 3
			c, _ := open(t, endpoint(t, s))
			em := embedder(t, c)
			s.Fail(f.fault)
			if f.fault.Status != 307 {
				if got, err := em.Embed(t.Context(), []string{"a", "b"}); err != nil || len(got) != 2 || c.Counts().Retries != 1 {
					t.Fatalf("%v, %v, %+v", got, err, c.Counts())
				}
			}
			s.Fail(slices.Repeat([]script.Fault{f.fault}, 10)...)
			if got, err := em.Embed(t.Context(), []string{"a", "b"}); got != nil || err == nil || lab.HintOf(err) == "" || !strings.Contains(err.Error(), f.words) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestVectorsArePaidByTheirTexts(t *testing.T) {
	s := scripted(t)
	e := endpoint(t, s)
	e.Prices, e.Dollars = [2]float64{1e6, 0}, 10
	c, _ := open(t, e)
	em := embedder(t, c) // one word, one dollar
	if _, err := em.Embed(t.Context(), []string{"a b c"}); err != nil || c.Counts().Dollars != 4 {
		t.Errorf("%v, %+v", err, c.Counts())
	}
	if _, err := em.Embed(t.Context(), []string{strings.Repeat("word ", 20)}); lab.CodeOf(err) != lab.Budget {
		t.Error(err)
	}
}
