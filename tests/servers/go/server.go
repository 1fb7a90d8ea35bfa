// An HTTP server of Go's standard library: GET /NAME greets, POST gives back the SHA-256 of what was sent,
// GET /interfaces lists the network's.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			hash := sha256.New()
			io.Copy(hash, r.Body)
			fmt.Fprintf(w, "%x", hash.Sum(nil))
			return
		}
		fmt.Fprintf(w, "hello %s from go\n", r.URL.Path[1:])
	})
	http.HandleFunc("/interfaces", func(w http.ResponseWriter, r *http.Request) {
		interfaces, err := net.Interfaces()
		for _, each := range interfaces {
			addresses, _ := each.Addrs()
			fmt.Fprintln(w, each.Name, each.Flags&net.FlagUp != 0, addresses[0])
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	log.Fatal(http.ListenAndServe(":8000", nil))
}
