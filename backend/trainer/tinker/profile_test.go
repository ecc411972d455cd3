package tinker

import (
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

func TestWarningsNameWhatAServiceDoesOtherwise(t *testing.T) {
	plan := Plan{Rank: 8, Losses: []string{rl.ImportanceSampling}, Adam: trainer.NewAdam(1e-3)}
	clipped := plan
	clipped.Adam.GradClipNorm = 1
	full := Plan{Losses: []string{rl.GSPO}, Adam: trainer.NewAdam(1e-3), OldSamplers: true}
	cases := map[string]struct {
		profile string
		plan    Plan
		wants   []string // parts, one a warning
	}{
		"nothing at our own engine":      {Loci, full, nil},
		"nothing at the hosted service":  {Hosted, clipped, nil},
		"adapters only, and a loss":      {Hosted, full, []string{"does not know the loss gspo", "trains adapters only"}},
		"a mean":                         {SkyRLJAX, plan, []string{"divides the loss"}},
		"a mean and no clipping":         {SkyRLJAX, clipped, []string{"divides the loss", "ignores grad_clip_norm of"}},
		"fixed numbers of the optimiser": {SkyRLFSDP, plan, []string{"ignores beta1, beta2, eps of"}},
		"no frozen weights":              {SkyRLMegatron, full, []string{"ignores beta1, beta2, eps of", "keeps no frozen weights"}},
		"the worst of both":              {SkyRL, plan, []string{"divides the loss", "ignores beta1, beta2, eps of"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := Warnings(ProfileOf(c.profile), c.plan)
			if len(got) != len(c.wants) {
				t.Fatalf("warnings are %q, want %q", got, c.wants)
			}
			for i := range got {
				if !strings.Contains(got[i], c.wants[i]) || !strings.HasPrefix(got[i], c.profile) {
					t.Errorf("warning is %q, want %q of %s", got[i], c.wants[i], c.profile)
				}
			}
		})
	}
}

func TestEveryProfileKnowsItsLosses(t *testing.T) {
	for _, name := range ProfileNames() {
		p := ProfileOf(name)
		for _, loss := range p.Losses {
			if !slices.Contains(rl.Losses(), loss) {
				t.Errorf("%s lists the loss %q", name, loss)
			}
		}
		if p.Name != name || !slices.Contains(p.AdamFields, "learning_rate") || !slices.Contains(p.Losses, rl.CrossEntropy) {
			t.Errorf("profile of %s is %+v", name, p)
		}
	}
}
