// Command app is what the tests' pods run: a small web server whose start, readiness and end can be made slow, and the
// "pause" and "probe" of pods. One static program, so that an image of it needs nothing else.
//
//	app         serve; all settings come from the environment (see settings)
//	app pause   do nothing until told to end: the process that holds a pod's network open
//	app probe   ask the server in this container whether it is ready: for probes of the kind exec
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// settings are numbers in the environment: milliseconds, ports or counts; 0 where absent.
type settings struct {
	port, grpcPort                    int
	startDelay, readyDelay, termDelay time.Duration
	exitCode                          int
}

func main() {
	what := "serve"
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	switch what {
	case "serve":
		serve(fromEnvironment())
	case "pause":
		pause()
	case "probe":
		probe(fromEnvironment())
	default:
		fmt.Fprintf(os.Stderr, "app: what is %q?\n", what)
		os.Exit(2)
	}
}

func fromEnvironment() settings {
	wanted := settings{
		port:       number("PORT", 8080),
		grpcPort:   number("GRPC_PORT", 0),
		startDelay: milliseconds("START_DELAY_MS"), // before it listens
		readyDelay: milliseconds("READY_DELAY_MS"), // after it listens, until /ready says so
		termDelay:  milliseconds("TERM_DELAY_MS"),  // it goes on serving so long after SIGTERM
		exitCode:   number("EXIT_CODE", -1),        // end with this one instead of serving
	}
	return wanted
}

func number(name string, otherwise int) int {
	if value, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return value
	}
	return otherwise
}

func milliseconds(name string) time.Duration {
	return time.Duration(number(name, 0)) * time.Millisecond
}

// pause also buries the orphans of a pod that shares its process ids.
func pause() {
	told := make(chan os.Signal, 8)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for sign := range told {
		if sign != syscall.SIGCHLD {
			return
		}
		for pid := 1; pid > 0; {
			pid, _ = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		}
	}
}

func probe(wanted settings) {
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/ready", wanted.port))
	if err != nil || answer.StatusCode != http.StatusOK {
		fmt.Println("not ready")
		os.Exit(1)
	}
}
