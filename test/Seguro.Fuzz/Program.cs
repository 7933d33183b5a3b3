using Seguro.Testing;
using SharpFuzz;

// TARGET is cue or pier.   seeds FOLDER: writes the inputs to begin from.   run: under afl-fuzz.   try FILE...: runs inputs again and says what is wrong with each.
if (args is not [string target and ("cue" or "pier"), .. string[] words])
    return Usage();
switch (words)
{
    case ["seeds", string folder]:
        Directory.CreateDirectory(folder);
        IReadOnlyList<byte[]> seeds = target == "cue" ? NounSeeds.All : PierFuzz.Seeds;
        foreach ((int index, byte[] seed) in seeds.Index())
            File.WriteAllBytes(Path.Combine(folder, $"seed-{index:00}"), seed);
        Console.WriteLine($"{seeds.Count} inputs");
        return 0;
    case ["run"]:
        Action<byte[]>? check = null;
        Fuzzer.OutOfProcess.Run(stream =>
        {
            // Made in the process that is watched, which is another than began.
            check ??= CheckOf(target);
            using MemoryStream input = new();
            stream.CopyTo(input);
            if (input.Length <= CueFuzz.LongestInput)
                check(input.ToArray());
        });
        return 0;
    case ["try", .. string[] files]:
        Action<byte[]> retry = CheckOf(target);
        int wrong = 0;
        foreach (string file in files)
        {
            try
            {
                retry(File.ReadAllBytes(file));
            }
            catch (Exception error)
            {
                wrong++;
                Console.WriteLine($"{file}: {error}");
            }
        }
        Console.WriteLine($"{files.Length} inputs, {wrong} of them wrong");
        return wrong == 0 ? 0 : 1;
    default:
        return Usage();
}

static int Usage()
{
    Console.Error.WriteLine("cue or pier, then one of: seeds FOLDER | run | try FILE...");
    return 2;
}

static Action<byte[]> CheckOf(string target) => target == "cue" ? CueFuzz.Check : new PierFuzz().Check;
