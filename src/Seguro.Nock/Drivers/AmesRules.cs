namespace Seguro.Nock.Drivers;

/// <summary>By what vere's driver tells packets from noise (vere-facts.md §7.1).</summary>
/// <param name="Ship">The ship's number: what is for another one is dropped.</param>
/// <param name="Version">The kernel's version of the older protocol; <see langword="null"/> where it is not known, and not compared.</param>
public sealed record AmesRules(UInt128 Ship, uint? Version = null);
