package tinker

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

// Names of profiles.
const (
	Loci          = "loci"   // Loci's own engine
	Hosted        = "tinker" // the hosted service
	SkyRL         = "skyrl"  // SkyRL whose back end is not known: the worst of each is assumed
	SkyRLJAX      = "skyrl-jax"
	SkyRLFSDP     = "skyrl-fsdp"
	SkyRLMegatron = "skyrl-megatron"
	Unknown       = "unknown" // another service, taken to keep to the protocol
)

// ProfileNames lists them.
func ProfileNames() []string {
	return []string{Loci, Hosted, SkyRL, SkyRLJAX, SkyRLFSDP, SkyRLMegatron, Unknown}
}

// checkProfileName takes "" too.
func checkProfileName(name string) error {
	if name == "" || slices.Contains(ProfileNames(), name) {
		return nil
	}
	return lab.Errorf(lab.Invalid, "profile is %q, want one of %s", name, strings.Join(ProfileNames(), ", ")).
		WithHint("leave the profile out to have it found out")
}

// adamFields are those of trainer.Adam as the protocol writes them.
func adamFields() []string {
	return []string{"learning_rate", "beta1", "beta2", "eps", "weight_decay", "grad_clip_norm"}
}

// ProfileOf returns what is known of a kind of service; an unknown name has the protocol's own properties.
func ProfileOf(name string) trainer.Profile {
	ratio := []string{rl.CrossEntropy, rl.ImportanceSampling, rl.PPO, rl.CISPO}
	p := trainer.Profile{Name: name, Reduction: "sum", AdamFields: adamFields(), Losses: append(ratio, rl.DRO), Snapshots: true}
	switch name {
	case Loci:
		p.Losses = slices.DeleteFunc(rl.Losses(), func(loss string) bool { return loss == rl.PPOCritic })
	case Hosted:
		p.LoRAOnly = true
		p.Notes = []string{"the rank of the adapters must be a power of two"}
	case SkyRLJAX:
		p.Reduction, p.Losses, p.LoRAOnly, p.TwoSegments, p.Snapshots = "mean", ratio, true, true, false
		p.AdamFields = adamFields()[:5]
		p.Notes = []string{
			"the loss of a row is divided by its weights, and rows are averaged: gradients have another scale than in the protocol",
			"an older sampler loads its weights into the model that is being trained, so Loci makes a new sampler for each step",
			"cispo without bounds of its own is clipped at 0.8 and 1.2, not at 0 and 4",
		}
	case SkyRLFSDP, SkyRLMegatron:
		p.Losses, p.TwoSegments, p.Snapshots = append(ratio, rl.GSPO, rl.DPPO), true, false
		if name == SkyRLFSDP {
			p.Losses = append(p.Losses, rl.PPOCritic)
		}
		p.AdamFields = adamFields()[:1]
		p.Notes = []string{
			"the optimiser is AdamW with betas 0.9 and 0.999, eps 1e-8, decay 0.01 and clipping at 1, whatever the run asks for",
			"an older sampler answers with the newest weights, so Loci makes a new sampler for each step",
		}
	case SkyRL:
		p.Reduction, p.Losses, p.TwoSegments, p.Snapshots = "mean", ratio, true, false
		p.AdamFields = adamFields()[:1]
		p.Notes = []string{"the back end is not known, so the worst of each is assumed: name the profile to be exact"}
	case Unknown:
		p.Losses = rl.Losses()
		p.Notes = []string{"the kind of service is not known; it is taken to keep to the protocol"}
	}
	return p
}

func isSkyRL(name string) bool { return strings.HasPrefix(name, SkyRL) }

// Plan is what a run wants of a service.
type Plan struct {
	Rank        int // of the adapters, 0 for all weights
	Losses      []string
	Adam        trainer.Adam
	OldSamplers bool // samplers are used after later training
}

// Warnings says, in plain words, where a service will do something other than the run asks for. None: nothing to fear.
func Warnings(p trainer.Profile, plan Plan) []string {
	var out []string
	if p.Reduction != "sum" {
		out = append(out, p.Name+" divides the loss by weights and rows: gradients are smaller than those of the protocol, and learning rates do not carry over")
	}
	if ignored := ignoredFields(p, plan.Adam); len(ignored) > 0 {
		out = append(out, p.Name+" ignores "+strings.Join(ignored, ", ")+" of the optimiser and takes its own")
	}
	for _, loss := range plan.Losses {
		if !slices.Contains(p.Losses, loss) {
			out = append(out, p.Name+" does not know the loss "+loss+"; it knows "+strings.Join(p.Losses, ", "))
		}
	}
	if plan.OldSamplers && !p.Snapshots {
		out = append(out, p.Name+" keeps no frozen weights: a sampler cannot be used once training has gone on")
	}
	if p.LoRAOnly && plan.Rank == 0 {
		out = append(out, p.Name+" trains adapters only, and the run wants all weights: set a rank")
	}
	return out
}

// ignoredFields lists the fields that the run sets and the service does not honour. Decay and clipping of zero are not set.
func ignoredFields(p trainer.Profile, a trainer.Adam) []string {
	var ignored []string
	values := []float64{1, 1, 1, 1, a.WeightDecay, a.GradClipNorm}
	for i, field := range adamFields() {
		if values[i] != 0 && !slices.Contains(p.AdamFields, field) {
			ignored = append(ignored, field)
		}
	}
	return ignored
}
