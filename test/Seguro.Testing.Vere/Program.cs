using Seguro.Core;
using Seguro.Nouns;
using Seguro.Testing.Vere;
using Seguro.Vere.Protocol;

// standin-vere: stands in for the program `urbit`, with its command line (vere-facts.md §5a, §5b, §1.5).
//
//   standin-vere [-t] [-d] [-L] [-p PORT] [--http-port PORT] [--serf-bin PATH] PIER    king of a pier
//   standin-vere -F SHIP [-B PILL] -c PIER …                                           boots it first
//   standin-vere play|info|roll|chop|queu [options] PIER                                utilities
//   standin-vere -R                                                                     its version
//   standin-vere work …, boot …, serf …                                                a worker, as a king starts it
//
// STANDIN_VERE_VERSION says which vere it is: 4.6 where it is not set; one that begins with "3." speaks protocol 1.
// STANDIN_VERE_NETWORK=1: a fake ship binds every address, as a real one does. STANDIN_VERE_RECORD: a worker passes frames on and records them (Recorder). STANDIN_VERE_TIMES: when ova come (Clock).
try
{
    return args switch
    {
        ["work" or "boot" or "serf", ..] => await Workers.RunAsync(args),
        ["play", "--watch-replay", ..] when Recorder.IsAnothers => await Recorder.PassOnAsync(args),
        ["-R", ..] => Say($"urbit {StandInVersion.Text}"),
        [var verb, ..] when Utilities.Has(verb) => Utilities.Run(args),
        _ => await Kings.RunAsync(args),
    };
}
catch (VereExit end)
{
    Console.Error.WriteLine(end.Message);
    return end.Code;
}
catch (Exception error) when (error is SeguroException or NounException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"standin-vere: {error.Message}");
    return 1;
}

static int Say(string line)
{
    Console.WriteLine(line);
    return 0;
}
