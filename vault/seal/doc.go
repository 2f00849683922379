// Package seal keeps card data under keys: it seals cards, gives numbers their
// fingerprints, and digests request bodies, which may hold a card.
//
//	key-encryption key (KeyEncryption: a file, a KMS)
//	  └─ opens three Tink keysets, sealed in shard 0 (Keysets)
//	       ├─ cards        AES256-GCM     Seal, Unseal
//	       ├─ fingerprint  HMAC-SHA256    Fingerprint
//	       └─ digest       HMAC-SHA256    Digest
//
// A keyset is made once, by an atomic claim: of several processes that start at
// once on an empty store each makes one, and all use the one that was first. It
// is sealed with the associated data "florin keyset " and its name, so that one
// cannot stand in for another. A keyset that does not open is an error and is
// never replaced, for whatever was sealed under it would be lost.
//
// A sealed card is Tink's ciphertext (a byte 1, the key's id in 4 bytes, 12 of
// nonce, the body, 16 of tag), the id of the payment method its associated data:
// a row's card cannot be moved to another row. The plain body is
//
//	1 byte   version, 1
//	1 byte   expiry month
//	2 bytes  expiry year, big-endian
//	1 byte   how many digits the number has
//	8 bytes  the number, big-endian
//	rest     the holder's name, UTF-8
//
// The verification code is not in it: it is never stored.
//
// A fingerprint is the first 10 bytes, in base32, and a digest the whole of
// HMAC-SHA256 over the parts, each behind its length in 8 bytes. Its key is
// Tink's PRF of "florin fingerprint v1" or "florin digest v1".
//
// Rotation: a card opens under any key of its keyset, so cards may get a new
// primary key at any time. Fingerprints and digests are compared with older
// ones, so their primary keys stay. All of this is wire format, held by the
// vectors in testdata.
package seal
