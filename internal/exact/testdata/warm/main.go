//go:build wasip1 || (linux && amd64 && seatrial_hooks)

// Command warm counts how often it was called, and shows what chance decides.
package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
)

var calls = map[string]int{}

func warm() {
	calls["warm"]++
	go func() { // a goroutine that lives on
		for range time.Tick(time.Second) {
			calls["tick"]++
		}
	}()
	time.Sleep(90 * time.Second)
	fmt.Println("warm")
}

func run() {
	calls["run"]++
	word, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	switch word {
	case "panic\n":
		go func() { panic("nobody recovers this") }()
		time.Sleep(time.Second)
	case "exit\n":
		os.Exit(9)
	case "deadlock\n":
		select {}
	case "machine\n":
		tellMachine()
	case "spin\n":
		for {
		}
	case "memory\n":
		grown := make([]byte, 400<<20)
		grown[len(grown)-1] = 1
	}
	time.Sleep(9500 * time.Millisecond)
	fmt.Println(calls["warm"], calls["run"], calls["tick"], word)
}

// tellMachine prints what a machine would tell.
func tellMachine() {
	host, _ := os.Hostname()
	m := make(map[string]int)
	for i := range 20 {
		m[fmt.Sprint(i)] = i
	}
	order := slices.Collect(func(yield func(int) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	})
	fmt.Println(host, os.Getpid(), runtime.NumCPU(), os.Environ(), rand.Text(), time.Now(), order)
	fmt.Printf("%p %p\n", m, &host)
}
