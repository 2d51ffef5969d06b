// Hello-web answers every request with the name of the pod it runs in.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	listen := flag.String("listen", ":8080", "address to answer on")
	healthz := flag.Bool("healthz", false, "ask the server at -listen whether it is healthy, and exit")
	flag.Parse()
	if *healthz {
		check(*listen)
		return
	}
	name, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, name) })
	server := &http.Server{Addr: *listen, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func check(listen string) {
	client := &http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get("http://localhost" + listen + "/healthz")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		log.Fatalf("not healthy: %s", answer.Status)
	}
}
