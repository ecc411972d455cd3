// Command loci is a lab notebook for memory-augmented reinforcement learning. All of it lies in package app.
package main

import (
	"os"

	"github.com/loci-lab/loci/app"
)

func main() { os.Exit(app.Main(os.Args[1:])) }
