package target

import "strconv"

// startedKind is the kind of services that Loci starts.
const startedKind = "started"

// started is the kind of services that Loci starts and ends itself.
func started() Kind {
	return Kind{
		Name: startedKind, Title: "Training service that Loci starts", Model: "service",
		Doc:   "SkyRL on graphics cards, or this program's own engine: started on a machine of yours, reached through a tunnel, and stopped with all that it left.",
		Sends: "To the machine: the line that starts the service. Then the tokens of a run's questions and answers with their rewards. No file and no record.",
		Fields: append(LaunchFields(),
			Blank{Name: "rank", Title: "Rank of the adapters", Type: "whole", Default: strconv.Itoa(UsualRank), Max: MaxRank, Doc: "0 trains all weights."},
			Blank{Name: "base-model", Title: "Model to start from", Type: "text", Doc: "The service's name of it; empty is the base model above."},
			secretField(), pricesField(serviceColumns())),
		Steps: func(map[string]string) []string { return append([]string{"process"}, TrialSteps()...) },
		List: func(all Targets) (forms []Form) {
			for _, s := range all.Services {
				if s.Launch == nil {
					continue
				}
				v := s.Launch.values()
				v["rank"], v["base-model"], v["secret"], v["prices"] = strconv.Itoa(s.Rank), s.BaseModel, s.Secret, s.Table.text(serviceColumns())
				forms = append(forms, Form{startedKind, s.Name, v})
			}
			return forms
		},
		Put: func(all *Targets, form Form) error {
			v := values{form: form}
			l := v.launch()
			s := Service{Name: form.Name, Secret: v.text("secret"), BaseModel: v.text("base-model"), Rank: v.whole("rank", UsualRank), Table: v.prices(serviceColumns()), Launch: &l}
			if v.err != nil {
				return v.err
			}
			if err := s.Check(); err != nil {
				return err
			}
			all.Services = append(all.Services, s)
			return nil
		},
	}
}

// launch reads how a service is started; what is left empty is as usual for the program.
func (v *values) launch() Launch {
	l := Launch{Program: v.text("program"), On: v.text("on"), Model: v.text("model-folder"), Backend: v.text("backend"), Checkout: v.text("checkout"), Config: v.text("config"),
		Bin: v.text("bin")}
	if l.Program == "" {
		l.Program = SkyRL
	}
	if l.On == "" {
		l.On = HereName
	}
	cards := 0
	if l.Program == SkyRL {
		cards = 1
		if l.Backend == "" {
			l.Backend = "jax"
		}
	}
	l.Cards = v.whole("cards", cards)
	return l
}
