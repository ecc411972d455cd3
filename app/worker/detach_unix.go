//go:build unix

package main

import "syscall"

func alone() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
