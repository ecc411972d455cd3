//go:build desktop

package app

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/loci-lab/loci/backend/lab"
)

// menu is the native menu. Its entries lead to places of the pages or give the pages' own commands, so that nothing is done twice.
func (d *desktop) menu() *menu.Menu {
	m := menu.NewMenu()
	f := m.AddSubmenu("File")
	f.AddText("Open…", keys.CmdOrCtrl("o"), func(*menu.CallbackData) { d.openFile() })
	f.AddText("New notebook", nil, d.command("new-notebook"))
	f.AddText("Share…", nil, d.command("share"))
	f.AddSeparator()
	f.AddText("Print…", keys.CmdOrCtrl("p"), func(*menu.CallbackData) {
		if wctx := d.window(); wctx != nil {
			runtime.WindowPrint(wctx)
		}
	})
	f.AddSeparator()
	f.AddText("Quit", keys.CmdOrCtrl("q"), func(*menu.CallbackData) {
		if wctx := d.window(); wctx != nil {
			runtime.Quit(wctx) // asks closing first
		}
	})
	m.Append(menu.EditMenu())
	v := m.AddSubmenu("Go")
	for i, s := range []struct{ name, to string }{
		{"Library", "/"}, {"Notebook", ""}, {"Run", ""}, {"Episode", ""}, {"Memory", ""}, {"Compare", ""}, {"Targets", ""}, {"Settings", ""},
	} {
		// The keys Ctrl+1 to Ctrl+8 are the pages' own; a menu that took them too would go there twice.
		v.AddText(s.name+"\tCtrl+"+strconv.Itoa(i+1), nil, d.command("go-"+strings.ToLower(s.name)))
	}
	v.AddSeparator()
	v.AddText("Search and commands", nil, d.command("palette"))
	h := m.AddSubmenu("Help")
	h.AddText("Keys of this screen", nil, d.command("keys"))
	h.AddText("Start here, 1 minute", nil, func(*menu.CallbackData) { d.tell("loci:go", "/") })
	h.AddText("About Loci", nil, func(*menu.CallbackData) { d.about() })
	return m
}

// command gives one of the pages' commands.
func (d *desktop) command(id string) menu.Callback {
	return func(*menu.CallbackData) { d.tell("loci:command", id) }
}

func (d *desktop) about() {
	if wctx := d.window(); wctx != nil {
		_, _ = runtime.MessageDialog(wctx, runtime.MessageDialogOptions{Type: runtime.InfoDialog, Title: "About Loci",
			Message: "Loci " + Version + " " + Commit + "\nA lab notebook for memory-augmented reinforcement learning.\nApache-2.0. Nothing leaves this computer unless you set up a target."})
	}
}

// openFile asks for a file and shows it.
func (d *desktop) openFile() {
	wctx := d.window()
	if wctx == nil {
		return
	}
	name, err := d.Choose(wctx)
	if err == nil && name != "" {
		_, err = d.server.grant(openAsked{File: name})
	}
	if err != nil {
		d.complain(err)
	}
}

// complain shows what went wrong.
func (d *desktop) complain(err error) {
	if wctx := d.window(); wctx != nil {
		_, _ = runtime.MessageDialog(wctx, runtime.MessageDialogOptions{Type: runtime.ErrorDialog, Title: "Loci", Message: err.Error() + "\n\n" + lab.HintOf(err)})
	}
}

// Choose implements web.Desktop.
func (d *desktop) Choose(context.Context) (string, error) {
	wctx := d.window()
	if wctx == nil {
		return "", lab.Errorf(lab.Unavailable, "the window is not open yet").WithHint("try again in a moment")
	}
	return runtime.OpenFileDialog(wctx, runtime.OpenDialogOptions{Title: "Open a notebook or an experiment", Filters: []runtime.FileFilter{
		{DisplayName: "Notebooks and experiments (*.md, *.loci)", Pattern: "*.md;*.loci"},
	}})
}

// SaveAs implements web.Desktop.
func (d *desktop) SaveAs(_ context.Context, name string) (string, error) {
	wctx := d.window()
	if wctx == nil {
		return "", lab.Errorf(lab.Unavailable, "the window is not open yet").WithHint("try again in a moment")
	}
	folder, err := os.UserHomeDir()
	if err != nil {
		folder = ""
	}
	return runtime.SaveFileDialog(wctx, runtime.SaveDialogOptions{Title: "Save", DefaultDirectory: folder, DefaultFilename: filepath.Base(name)})
}
