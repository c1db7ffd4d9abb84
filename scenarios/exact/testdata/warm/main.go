//go:build wasip1

// Command warm is a reactor that counts how often it was called.
package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

var calls = map[string]int{}

func main() {}

//go:wasmexport seatrial_warm
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

//go:wasmexport seatrial_run
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
	case "memory\n":
		grown := make([]byte, 400<<20)
		grown[len(grown)-1] = 1
	}
	time.Sleep(9500 * time.Millisecond)
	fmt.Println(calls["warm"], calls["run"], calls["tick"], word)
}
