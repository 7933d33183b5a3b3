using Seguro.Testing;
using SharpFuzz;

// seeds FOLDER: writes the inputs to begin from.   run: under afl-fuzz.   try FILE...: runs inputs again and says what is wrong with each.
switch (args)
{
    case ["seeds", string folder]:
        Directory.CreateDirectory(folder);
        foreach ((int index, byte[] seed) in NounSeeds.All.Index())
            File.WriteAllBytes(Path.Combine(folder, $"seed-{index:00}"), seed);
        Console.WriteLine($"{NounSeeds.All.Count} inputs");
        return 0;
    case ["run"]:
        Fuzzer.OutOfProcess.Run(static stream =>
        {
            using MemoryStream input = new();
            stream.CopyTo(input);
            if (input.Length <= CueFuzz.LongestInput)
                CueFuzz.Check(input.ToArray());
        });
        return 0;
    case ["try", .. string[] files]:
        int wrong = 0;
        foreach (string file in files)
        {
            try
            {
                CueFuzz.Check(File.ReadAllBytes(file));
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
        Console.Error.WriteLine("one of: seeds FOLDER | run | try FILE...");
        return 2;
}
