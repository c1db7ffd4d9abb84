// Program badcgo depends on a package that needs cgo.
package main

import "example.com/badcgo/cgo"

func main() { println(cgo.One()) }
