package openai

import (
	"context"
	"slices"
)

// Models lists the names of the models that the endpoint says it has, in order. An endpoint that does not list any is an error.
func (c *Client) Models(ctx context.Context) ([]string, error) {
	var names []string
	_, err := c.retry(ctx, 0, func(ctx context.Context, _ int) (usage, *fault) {
		x := &exchange{}
		list, err := c.api.ListModels(context.WithValue(ctx, exchangeKey{}, x))
		switch {
		case err != nil:
			return usage{}, c.refusedWhole(x, err)
		case x.status >= 300:
			return usage{}, c.refused(x, nil)
		case list.Models == nil:
			return usage{}, c.useless(x, "answers in another layout than the interface's")
		}
		names = nil
		for _, m := range list.Models {
			names = append(names, c.link.clean(m.ID))
		}
		return usage{}, nil
	})
	slices.Sort(names)
	return names, err
}
