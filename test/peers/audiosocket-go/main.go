// Streams a file of 8 kHz slin to an AudioSocket server with the encoder of CyCoreSystems' module:
// ID, audio in real time, hang-up. Prints how many bytes came back until the server closed.
package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"

	"github.com/CyCoreSystems/audiosocket"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: peer HOST:PORT UUID FILE")
	}
	var id [16]byte
	text := strings.ReplaceAll(os.Args[2], "-", "")
	if count, err := hex.Decode(id[:], []byte(text)); err != nil || count != len(id) {
		log.Fatalf("not a UUID: %s", os.Args[2])
	}
	audio, err := os.ReadFile(os.Args[3])
	check(err)
	connection, err := net.Dial("tcp", os.Args[1])
	check(err)
	_, err = connection.Write(audiosocket.IDMessage(id))
	check(err)
	check(audiosocket.SendSlinChunks(connection, audiosocket.DefaultSlinChunkSize, audio))
	_, err = connection.Write(audiosocket.HangupMessage())
	check(err)
	received, err := io.Copy(io.Discard, connection)
	check(err)
	fmt.Println(received)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
